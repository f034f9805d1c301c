// Azure Bot: ties the app id to Teams, and gives Graph a webhook for calls to the bot.
param name string
param displayName string
param tags object
param appId string
param appUrl string

resource bot 'Microsoft.BotService/botServices@2022-09-15' = {
  name: name
  location: 'global'
  tags: tags
  kind: 'azurebot'
  sku: { name: 'F0' }
  properties: {
    displayName: displayName
    msaAppType: 'SingleTenant' // multi-tenant bots cannot be created any more
    msaAppId: appId
    msaAppTenantId: tenant().tenantId
    endpoint: '${appUrl}/api/messages' // required; the app answers 404, for it does not chat
    disableLocalAuth: true
  }

  // Without calling and its webhook, Graph refuses to let the bot join: code 7503.
  resource teams 'channels' = {
    name: 'MsTeamsChannel'
    location: 'global'
    properties: {
      channelName: 'MsTeamsChannel'
      properties: {
        isEnabled: true
        enableCalling: true
        callingWebhook: '${appUrl}/api/calls'
      }
    }
  }
}
