// One storage account: the table with the record, the deployed package, and what the host keeps.
param name string
param location string
param tags object
param sku string

var packageContainer = 'app-package'
var tableName = 'rollcall'

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false // identities only
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled' // the app is in no virtual network
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource package 'containers' = {
      name: packageContainer
    }
  }

  resource tables 'tableServices' = {
    name: 'default'

    resource record 'tables' = {
      name: tableName
    }
  }
}

output name string = storage.name
output blobEndpoint string = storage.properties.primaryEndpoints.blob
output tableEndpoint string = storage.properties.primaryEndpoints.table
output tableName string = tableName
output packageContainer string = '${storage.properties.primaryEndpoints.blob}${packageContainer}'
