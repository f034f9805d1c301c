// Every role assignment. Each name is derived from what it says: deploying again changes nothing.
param storageName string
param busName string
param componentName string

@description('The app, and the developer if one is given, as `{id, type}`. Both get the same roles.')
param principals array

param replyQueues array

@description('Object ids of service principals: may send requests, and read every reply queue.')
param senders array

@description('Object ids of service principals: may receive from every subscription.')
param readers array

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var roleIds = {
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  serviceBusDataOwner: '090c5cfd-751d-490a-894a-3ce6f1109419'
  serviceBusDataReceiver: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
  serviceBusDataSender: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}
var role = mapValues(roleIds, id => subscriptionResourceId('Microsoft.Authorization/roleDefinitions', id))

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource bus 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: busName

  resource createMeeting 'queues' existing = {
    name: 'create-meeting'
  }

  resource joinMeeting 'queues' existing = {
    name: 'join-meeting'
  }

  resource events 'topics' existing = {
    name: 'meeting-events'
  }
}

resource replies 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = [
  for queue in replyQueues: {
    parent: bus
    name: queue
  }
]

// The host keeps its keys, timer leases and the package in blobs; our record is in the table.
var storageGrants = flatten(map(principals, one => [
  { id: one.id, type: one.type, role: role.storageBlobDataOwner }
  { id: one.id, type: one.type, role: role.storageTableDataContributor }
]))

resource storageRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in storageGrants: {
    name: guid(storage.id, grant.id, grant.role)
    scope: storage
    properties: {
      principalId: grant.id
      principalType: grant.type
      roleDefinitionId: grant.role
    }
  }
]

// Owner, and of the namespace: the scale controller reads how many messages wait, and with rights on
// the queues alone it did not wake the app (Azure/azure-functions-host issue 8261).
resource busRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in principals: {
    name: guid(bus.id, principal.id, role.serviceBusDataOwner)
    scope: bus
    properties: {
      principalId: principal.id
      principalType: principal.type
      roleDefinitionId: role.serviceBusDataOwner
    }
  }
]

resource telemetryRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in principals: {
    name: guid(component.id, principal.id, role.monitoringMetricsPublisher)
    scope: component
    properties: {
      principalId: principal.id
      principalType: principal.type
      roleDefinitionId: role.monitoringMetricsPublisher
    }
  }
]

resource createSenderRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for sender in senders: {
    name: guid(bus::createMeeting.id, sender, role.serviceBusDataSender)
    scope: bus::createMeeting
    properties: {
      principalId: sender
      principalType: 'ServicePrincipal'
      roleDefinitionId: role.serviceBusDataSender
    }
  }
]

resource joinSenderRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for sender in senders: {
    name: guid(bus::joinMeeting.id, sender, role.serviceBusDataSender)
    scope: bus::joinMeeting
    properties: {
      principalId: sender
      principalType: 'ServicePrincipal'
      roleDefinitionId: role.serviceBusDataSender
    }
  }
]

var replyGrants = flatten(map(senders, sender => map(range(0, length(replyQueues)), queue => {
  sender: sender
  queue: queue
})))

resource replyReaderRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in replyGrants: {
    name: guid(replies[grant.queue].id, grant.sender, role.serviceBusDataReceiver)
    scope: replies[grant.queue]
    properties: {
      principalId: grant.sender
      principalType: 'ServicePrincipal'
      roleDefinitionId: role.serviceBusDataReceiver
    }
  }
]

resource eventReaderRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for reader in readers: {
    name: guid(bus::events.id, reader, role.serviceBusDataReceiver)
    scope: bus::events
    properties: {
      principalId: reader
      principalType: 'ServicePrincipal'
      roleDefinitionId: role.serviceBusDataReceiver
    }
  }
]
