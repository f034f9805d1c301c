// The bot's registration in the directory, how it proves itself, and what it may do at Graph.
// https://learn.microsoft.com/graph/templates/bicep/
extension microsoftGraphV1

param uniqueName string
param displayName string

@description('A federated credential: `{name, issuer, subject, audiences}`.')
param trust object

@description('Names of application permissions of Microsoft Graph.')
param graphRoles array

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000003-0000-0000-c000-000000000000' // Microsoft Graph, in every tenant
}

resource app 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: uniqueName
  displayName: displayName
  signInAudience: 'AzureADMyOrg'

  resource credential 'federatedIdentityCredentials@v1.0' = {
    // Named through the symbol: a literal was answered by NotFound (microsoftgraph/msgraph-bicep-types issue 271).
    name: '${app.uniqueName}/${trust.name}'
    issuer: trust.issuer
    subject: trust.subject
    audiences: trust.audiences
  }
}

resource principal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: app.appId
}

// The assignment is the administrator's consent. Right after the principal was created it may fail,
// until the directory has copied it everywhere: deploy again (msgraph-bicep-types issue 193).
resource grants 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [
  for name in graphRoles: {
    appRoleId: filter(graph.appRoles, role => role.value == name)[0].id
    principalId: principal.id
    resourceId: graph.id
  }
]

output appId string = app.appId
