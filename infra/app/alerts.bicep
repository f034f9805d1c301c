// Alerts and the workbook. docs/operations.md has a heading for each alert, by its name, and says what to do.
// Queries read the workspace's own tables (AppRequests, AppTraces, AppExceptions, AppMetrics) and answer one row, `value`.

param location string
param tags object
param workspaceId string
param componentId string
param serviceBusNamespaceId string
param functionAppId string

@description('Where alerts are sent. Empty: they are raised in the portal, and no mail is sent.')
param alertEmail string

var manual = 'See docs/operations.md#'

// `entities`: what is counted by itself. Durations are ISO 8601.
var metricAlerts = [
  {
    name: 'dead-letters'
    means: 'Messages failed ten times, or expired unread, and wait in a dead-letter queue: nothing handles them any more.'
    scope: serviceBusNamespaceId
    namespace: 'Microsoft.ServiceBus/namespaces'
    metric: 'DeadletteredMessages'
    entities: ['*']
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT5M'
    severity: 1
  }
  {
    name: 'rejected-requests'
    means: 'Copies of refused requests wait to be looked at. Their senders were answered.'
    scope: serviceBusNamespaceId
    namespace: 'Microsoft.ServiceBus/namespaces'
    metric: 'ActiveMessages'
    entities: ['rejected-requests']
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT15M'
    severity: 3
  }
  {
    name: 'bus-throttled'
    means: 'Service Bus refuses operations because the namespace has used up what its tier grants a second.'
    scope: serviceBusNamespaceId
    namespace: 'Microsoft.ServiceBus/namespaces'
    metric: 'ThrottledRequests'
    entities: ['*']
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 10
    window: 'PT5M'
    severity: 2
  }
  {
    name: 'bus-errors'
    means: 'Service Bus fails by itself: messages are late, and sends may fail.'
    scope: serviceBusNamespaceId
    namespace: 'Microsoft.ServiceBus/namespaces'
    metric: 'ServerErrors'
    entities: ['*']
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 10
    window: 'PT5M'
    severity: 2
  }
  {
    name: 'nothing-runs'
    means: 'No function was executed, not even the timer of every two minutes: the app is stopped, or has no functions.'
    scope: functionAppId
    namespace: 'Microsoft.Web/sites'
    metric: 'OnDemandFunctionExecutionCount'
    entities: []
    aggregation: 'Total'
    operator: 'LessThan'
    threshold: 1
    window: 'PT15M'
    severity: 0
  }
]

var logAlerts = [
  {
    name: 'app-not-indexed'
    means: 'The Functions host found no functions in the app: nothing is received until another package or setting is deployed.'
    query: '''
      union (AppTraces | project Text = Message), (AppExceptions | project Text = strcat(OuterMessage, ' ', Details))
      | where Text has 'failed to index functions' or Text has 'No job functions found'
      | summarize value = count()'''
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT10M'
    severity: 0
  }
  {
    name: 'backstop-silent'
    means: 'The timer mend_meetings finished no walk for ten minutes: what lost its message is mended by nothing, and nothing is purged.'
    query: '''
      union
        (AppRequests | where Name contains 'mend_meetings' and Success == true),
        (AppMetrics | where Name == 'rollcall.backstop.last')
      | summarize value = count()'''
    operator: 'LessThan'
    threshold: 1
    window: 'PT10M'
    severity: 1
  }
  {
    name: 'callbacks-failing'
    means: 'Callbacks of Graph are answered with 5xx: what they say is not recorded unless it is sent again or read.'
    query: '''
      AppRequests
      | where Name contains 'call' and toint(ResultCode) >= 500
      | summarize value = sum(ItemCount)'''
    operator: 'GreaterThan'
    threshold: 5
    window: 'PT10M'
    severity: 1
  }
  {
    name: 'callbacks-slow'
    means: 'One callback in twenty takes longer than three seconds to answer.'
    query: '''
      AppRequests
      | where Name contains 'call'
      | summarize p95 = percentile(DurationMs, 95), requests = sum(ItemCount)
      | project value = iff(requests < 20, 0.0, p95)'''
    operator: 'GreaterThan'
    threshold: 3000
    window: 'PT15M'
    severity: 2
  }
  {
    name: 'outbox-old'
    means: 'Committed messages have waited for more than five minutes to be sent: events and answers are late.'
    query: '''
      AppMetrics
      | where Name == 'rollcall.outbox.age'
      | summarize value = max(coalesce(Max, Sum / ItemCount))'''
    operator: 'GreaterThan'
    threshold: 300
    window: 'PT10M'
    severity: 1
  }
  {
    name: 'questions-late'
    means: 'Reads that decide who is there come late: ends and departures are published late, their times less exact.'
    query: '''
      AppMetrics
      | where Name == 'rollcall.questions.late'
      | summarize value = sum(Sum)'''
    operator: 'GreaterThan'
    threshold: 10
    window: 'PT30M'
    severity: 2
  }
  {
    name: 'callbacks-silent'
    means: 'A bot is in a meeting and reads find people, but no callback of Graph arrives: times are those of reads.'
    query: '''
      AppTraces
      | where Message startswith 'meeting.warned' and Message has 'callback_silent'
      | summarize value = count()'''
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT15M'
    severity: 2
  }
  {
    name: 'callbacks-unparsed'
    means: 'More than one notification in twenty is of a kind that Rollcall does not read: Graph may have changed.'
    query: '''
      AppMetrics
      | where Name in ('rollcall.unparsed', 'rollcall.pushes')
      | summarize unread = sumif(Sum, Name == 'rollcall.unparsed'), seen = sum(Sum)
      | project value = iff(unread < 20, 0.0, 100.0 * unread / seen)'''
    operator: 'GreaterThan'
    threshold: 5
    window: 'PT1H'
    severity: 3
  }
  {
    name: 'error-lines'
    means: 'The app met something that it cannot put right by itself, and wrote it down as an error.'
    query: '''
      union (AppTraces | project Text = Message), (AppExceptions | project Text = OuterMessage)
      | where Text matches regex '^(backstop.failed|purge.failed|callback.fits_no_row|tend.fits_no_row|function.failed|health.failed|outbox.refused)'
      | summarize value = count()'''
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT15M'
    severity: 2
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: 'rollcall-alerts'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'rollcall'
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

resource metricAlert 'Microsoft.Insights/metricAlerts@2018-03-01' = [for alert in metricAlerts: {
  name: 'rollcall-${alert.name}'
  location: 'global'
  tags: tags
  properties: {
    description: '${alert.means} ${manual}${alert.name}'
    enabled: true
    severity: alert.severity
    scopes: [alert.scope]
    evaluationFrequency: 'PT5M'
    windowSize: alert.window
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: alert.name
          metricNamespace: alert.namespace
          metricName: alert.metric
          dimensions: empty(alert.entities) ? [] : [
            {
              name: 'EntityName'
              operator: 'Include'
              values: alert.entities
            }
          ]
          timeAggregation: alert.aggregation
          operator: alert.operator
          threshold: alert.threshold
        }
      ]
    }
    autoMitigate: true
    actions: empty(alertEmail) ? [] : [
      {
        actionGroupId: people.id
      }
    ]
  }
}]

resource logAlert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for alert in logAlerts: {
  name: 'rollcall-${alert.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'rollcall-${alert.name}'
    description: '${alert.means} ${manual}${alert.name}'
    enabled: true
    severity: alert.severity
    scopes: [workspaceId]
    evaluationFrequency: 'PT5M'
    windowSize: alert.window
    criteria: {
      allOf: [
        {
          query: alert.query
          metricMeasureColumn: 'value'
          timeAggregation: 'Maximum'
          operator: alert.operator
          threshold: alert.threshold
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    // A new workspace has no tables before the app has sent something.
    skipQueryValidation: true
    actions: {
      actionGroups: empty(alertEmail) ? [] : [people.id]
    }
  }
}]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(componentId, 'rollcall')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Rollcall'
    category: 'workbook'
    sourceId: componentId
    serializedData: replace(replace(loadTextContent('../workbook.json'), 'WORKSPACE_ID', workspaceId), 'NAMESPACE_ID', serviceBusNamespaceId)
  }
}
