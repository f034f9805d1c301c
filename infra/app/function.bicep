// The Flex Consumption plan, the app, and its settings.
param name string
param planName string
param location string
param tags object
param identityId string
param identityClientId string
param storageName string
param blobEndpoint string
param tableEndpoint string
param packageContainer string
param tableName string
param busHostName string
param telemetryConnectionString string
param cloud string
param callRecords bool
param organizerId string
param perInstanceConcurrency int
param alwaysReadyHttp int
param alwaysReadyTend int
param maximumInstanceCount int

// Without it the app does not start, so the deployment ends here.
@minLength(36)
@maxLength(36)
@description('App id of the bot. If it is empty: set BOT_APP_ID, or let `createBotApp` be true.')
param botAppId string

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'rollcall' }) // azd deploys to the one resource with this tag
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    siteConfig: {
      ftpsState: 'Disabled'
      minTlsVersion: '1.2'
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainer
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: maximumInstanceCount // of each group: HTTP, and every other function
        alwaysReady: filter(
          [
            { name: 'http', instanceCount: alwaysReadyHttp }
            { name: 'function:tend_meeting', instanceCount: alwaysReadyTend }
          ],
          group => group.instanceCount > 0
        )
        triggers: {
          http: { perInstanceConcurrency: perInstanceConcurrency }
        }
      }
    }
  }

  // Deployment is by identity; the passwords of the publishing profile are of no use.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

// A resource of its own, because PUBLIC_URL is known only when the site exists: new host names carry
// a hash. README.md lists the settings of the app; the other ones are of the Functions host.
resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: site
  name: 'appsettings'
  properties: {
    // The host's own storage. Endpoints, because their suffix differs by cloud; the name too, because
    // without it the host was seen to start unwell (Azure/azure-functions-host issue 11787).
    AzureWebJobsStorage__accountName: storageName
    AzureWebJobsStorage__blobServiceUri: blobEndpoint
    AzureWebJobsStorage__tableServiceUri: tableEndpoint
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId

    SERVICE_BUS__fullyQualifiedNamespace: busHostName
    SERVICE_BUS__credential: 'managedidentity'
    SERVICE_BUS__clientId: identityClientId

    APPLICATIONINSIGHTS_CONNECTION_STRING: telemetryConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    // The worker hands over the trace context; the app exports by itself, after its first answer.
    PYTHON_ENABLE_OPENTELEMETRY: 'true'
    // Else one sender that samples nothing leaves its meeting without spans for good.
    OTEL_TRACES_SAMPLER: 'always_on'

    AZURE_CLIENT_ID: identityClientId
    TABLES: tableEndpoint
    TABLE_NAME: tableName
    PUBLIC_URL: 'https://${site.properties.defaultHostName}'
    CLOUD: cloud
    TENANT_ID: tenant().tenantId
    BOT_APP_ID: botAppId
    ORGANIZER_ID: organizerId
    CALL_RECORDS: callRecords ? 'on' : 'off'
  }
}

output id string = site.id
output name string = site.name
output url string = 'https://${site.properties.defaultHostName}'
