// The namespace and its entities. shared/words/entities.py has the names; a test compares them.
param name string
param location string
param tags object
param replyQueues array
param subscriptions array

var queueNames = [
  'create-meeting'
  'join-meeting'
  'tend-meeting'
  'rejected-requests'
]

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: 'Standard', tier: 'Standard' } // Basic has no topics
  properties: {
    disableLocalAuth: true // identities only
    minimumTlsVersion: '1.2'
  }
}

resource queues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [
  for queue in union(queueNames, replyQueues): {
    parent: namespace
    name: queue
    properties: {
      lockDuration: 'PT1M' // the host renews it, for 5 minutes at most (host.json)
      maxDeliveryCount: 10
      defaultMessageTimeToLive: 'P14D'
      // Copies of refused requests hold what callers sent; dead letters would never expire.
      deadLetteringOnMessageExpiration: queue != 'rejected-requests'
      requiresDuplicateDetection: false // it would swallow the copies by which a message is retried
      requiresSession: false
    }
  }
]

resource events 'Microsoft.ServiceBus/namespaces/topics@2024-01-01' = {
  parent: namespace
  name: 'meeting-events'
  properties: {
    defaultMessageTimeToLive: 'P14D'
    requiresDuplicateDetection: true // an event may be sent again, with the same message id
    duplicateDetectionHistoryTimeWindow: 'PT10M'
    maxSizeInMegabytes: 5120 // of all subscriptions together, their dead letters included
  }
}

// A topic without a subscription drops every event, so main.bicep always gives one.
resource eventSubscriptions 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2024-01-01' = [
  for each in subscriptions: {
    parent: events
    name: each
    properties: {
      lockDuration: 'PT1M'
      maxDeliveryCount: 10
      defaultMessageTimeToLive: 'P14D'
      deadLetteringOnMessageExpiration: true
      requiresSession: false
    }
  }
]

output id string = namespace.id
output name string = namespace.name
// The suffix differs from cloud to cloud; the endpoint has it: https://{host}:443/
output hostName string = split(split(namespace.properties.serviceBusEndpoint, '://')[1], ':')[0]
