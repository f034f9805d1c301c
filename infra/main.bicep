// Everything Rollcall needs, in one resource group. Read from top to bottom: each module uses only
// those above it. `azd` gives the parameters (main.parameters.json) and keeps the outputs.
targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the azd environment; the names of all resources are derived from it.')
param environmentName string

@minLength(1)
@description('Region of all resources. It must offer Flex Consumption.')
@metadata({ azd: { type: 'location' } })
param location string

@minLength(36)
@maxLength(36)
@description('Object id of the user who organizes a meeting whose request names no organizer.')
param organizerId string

@allowed(['public', 'usgov', 'usdod'])
@description('The Microsoft cloud of the tenant. `createBotApp` works in the public one only.')
param cloud string = 'public'

@description('Create the bot\'s app registration and grant its permissions. Needs rights in the directory: README.md.')
param createBotApp bool = true

@description('App id of an existing registration, for `createBotApp` false; else ignored.')
param botAppId string = ''

@description('Name of the bot in the list of people in a meeting.')
param botDisplayName string = 'Rollcall'

@description('Application permissions of Microsoft Graph that the bot is granted.')
param graphRoles array = [
  'OnlineMeetings.ReadWrite.All'
  'Calls.JoinGroupCall.All'
  'Calls.JoinGroupCallAsGuest.All' // for requests with `guestName`
  'OnlineMeetingArtifact.Read.All' // for attendance reports
]

@description('Let the app read call records (its setting CALL_RECORDS), and grant the bot what that takes. The permission covers every call of the tenant.')
param callRecords bool = false

@description('Queues for answers, which requests name in `reply_to`.')
param replyQueues array = []

@description('Subscriptions of the topic `meeting-events`. Empty: one, `all`. One that nobody reads fills the topic.')
param subscriptions array = []

@description('Object ids of service principals that send requests and read the reply queues.')
param senders array = []

@description('Object ids of service principals that receive events.')
param readers array = []

@description('Who deploys: gets the app\'s own roles on the data, so that a local app can use it. Empty: no developer.')
param principalId string = ''

@allowed(['User', 'ServicePrincipal'])
@description('What `principalId` is.')
param principalType string = 'User'

@minValue(64)
@maxValue(100)
@description('Requests that one HTTP instance handles at a time. The platform\'s default for Python is 1: then the callbacks of one meeting never meet in a process, and are never committed together.')
param perInstanceConcurrency int = 64

@minValue(0)
@description('HTTP instances that are always running. With none, Graph\'s callbacks meet cold starts.')
param alwaysReadyHttp int = 1

@minValue(0)
@description('Instances of tend_meeting that are always running. With none, ends of calls may be confirmed some seconds late.')
param alwaysReadyTend int = 0

@minValue(1)
@maxValue(1000)
@description('Most instances of each function group. Values below 40 are not taken in every region.')
param maximumInstanceCount int = 40

@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
@description('How the storage account keeps copies. Not every region has zones.')
param storageSku string = 'Standard_LRS'

@minValue(30)
@maxValue(730)
@description('Days that logs and traces are kept.')
param logRetentionDays int = 30

@description('Mail address for alerts. Empty: alerts are raised, and not mailed.')
param alertEmail string = ''

var abbreviations = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var permissions = concat(graphRoles, callRecords ? ['CallRecords.Read.All'] : [])
var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: '${abbreviations.resourcesResourceGroups}${environmentName}'
  location: location
  tags: tags
}

module identity 'app/identity.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.managedIdentityUserAssignedIdentities}${token}'
    location: location
    tags: tags
  }
}

module data 'app/data.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.storageStorageAccounts}${token}'
    location: location
    tags: tags
    sku: storageSku
  }
}

module bus 'app/bus.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.serviceBusNamespaces}${token}'
    location: location
    tags: tags
    replyQueues: replyQueues
    subscriptions: empty(subscriptions) ? ['all'] : subscriptions
  }
}

module monitor 'app/monitor.bicep' = {
  scope: group
  params: {
    workspaceName: '${abbreviations.operationalInsightsWorkspaces}${token}'
    componentName: '${abbreviations.insightsComponents}${token}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
  }
}

module roles 'app/roles.bicep' = {
  scope: group
  params: {
    storageName: data.outputs.name
    busName: bus.outputs.name
    componentName: monitor.outputs.componentName
    principals: concat(
      [{ id: identity.outputs.principalId, type: 'ServicePrincipal' }],
      // A pipeline runs no app of its own.
      empty(principalId) || principalType != 'User' ? [] : [{ id: principalId, type: principalType }]
    )
    replyQueues: replyQueues
    senders: senders
    readers: readers
  }
}

// The app proves to Graph that it is the bot by a token of its managed identity, so no secret exists.
var botTrust = {
  name: 'rollcall'
  issuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
  subject: identity.outputs.principalId
  audiences: [cloud == 'public' ? 'api://AzureADTokenExchange' : 'api://AzureADTokenExchangeUSGov']
}

module botApp 'app/bot-app.bicep' = if (createBotApp) {
  scope: group
  params: {
    uniqueName: 'rollcall-${token}'
    displayName: botDisplayName
    trust: botTrust
    graphRoles: permissions
  }
}

// azd hands the output BOT_APP_ID back as the parameter at the next run, so the switch decides alone.
var appId = createBotApp ? botApp!.outputs.appId : botAppId

module app 'app/function.bicep' = {
  scope: group
  // An app that starts before its roles exist begins with refusals.
  dependsOn: [roles]
  params: {
    name: '${abbreviations.webSitesFunctions}${token}'
    planName: '${abbreviations.webServerFarms}${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageName: data.outputs.name
    blobEndpoint: data.outputs.blobEndpoint
    tableEndpoint: data.outputs.tableEndpoint
    packageContainer: data.outputs.packageContainer
    tableName: data.outputs.tableName
    busHostName: bus.outputs.hostName
    telemetryConnectionString: monitor.outputs.connectionString
    cloud: cloud
    botAppId: appId
    organizerId: organizerId
    callRecords: callRecords
    perInstanceConcurrency: perInstanceConcurrency
    alwaysReadyHttp: alwaysReadyHttp
    alwaysReadyTend: alwaysReadyTend
    maximumInstanceCount: maximumInstanceCount
  }
}

module bot 'app/bot.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.botServices}${token}'
    displayName: botDisplayName
    tags: tags
    appId: appId
    appUrl: app.outputs.url
  }
}

module alerts 'app/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    workspaceId: monitor.outputs.workspaceId
    componentId: monitor.outputs.componentId
    serviceBusNamespaceId: bus.outputs.id
    functionAppId: app.outputs.id
    alertEmail: alertEmail
  }
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output SERVICE_ROLLCALL_NAME string = app.outputs.name
output SERVICE_ROLLCALL_ENDPOINT_URL string = app.outputs.url
output SERVICE_BUS_NAMESPACE string = bus.outputs.hostName

// For hooks/next_steps.
output BOT_APP_ID string = appId
output BOT_TRUST string = string(botTrust)
output GRAPH_ROLES string = join(permissions, ' ')
output ORGANIZER_ID string = organizerId
