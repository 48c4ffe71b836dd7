// Functions Premium (scales out by itself) and Dedicated (a fixed number of machines): the same function app on two kinds of plan.

@description('Where it is put.')
param location string

@description('Tags of every resource.')
param tags object

@description('What makes names unique.')
param token string

@description('The app\'s identity, which pulls the image and reads the vault.')
param identityId string

@description('Its client id.')
param identityClientId string

@description('The image, by digest.')
param image string

@description('Registry that the identity pulls from; others must be open to all.')
param registryServer string

@description('The vault, with a slash at its end.')
param vaultUri string

@description('Workspace that logs go to.')
param workspaceId string

@description('Environment variables: name and value.')
param settings array

@description('Environment variables that come from the vault: name and secret.')
param secretSettings array

@description('Whether the plan is Elastic Premium; else it is a Dedicated one.')
param isPremium bool

@description('Size of an instance.')
param sku string

@description('Least number of instances; on a Dedicated plan, their number.')
param minInstances int

@description('Greatest number of instances that Premium scales out to.')
param maxInstances int

var references = [for item in secretSettings: { name: item.name, value: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${item.secret})' }]

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${token}'
  location: location
  tags: tags
  kind: isPremium ? 'elastic' : 'linux'
  sku: { name: sku, capacity: minInstances }
  properties: {
    reserved: true // Linux
    maximumElasticWorkerCount: isPremium ? maxInstances : null
  }
}

resource site 'Microsoft.Web/sites@2024-11-01' = {
  name: 'func-${token}'
  location: location
  tags: tags
  kind: 'functionapp,linux,container'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    siteConfig: {
      linuxFxVersion: 'DOCKER|${image}'
      acrUseManagedIdentityCreds: startsWith(image, '${registryServer}/')
      acrUserManagedIdentityID: identityClientId
      healthCheckPath: '/health/ready'
      alwaysOn: !isPremium
      http20Enabled: true
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      minimumElasticInstanceCount: isPremium ? minInstances : null
      functionAppScaleLimit: isPremium ? maxInstances : null
      appSettings: concat(settings, references, [
        { name: 'FUNCTIONS_EXTENSION_VERSION', value: '~4' }
        { name: 'WEBSITES_PORT', value: '8080' }
        { name: 'WEBSITES_ENABLE_APP_SERVICE_STORAGE', value: 'false' } // else an empty share would cover the app in /home
        { name: 'AzureWebJobsSecretStorageType', value: 'keyvault' }
        { name: 'AzureWebJobsSecretStorageKeyVaultUri', value: vaultUri }
        { name: 'AzureWebJobsSecretStorageKeyVaultClientId', value: identityClientId }
      ])
    }
  }
}

// No password opens the app's files or its deployment.
resource noPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = [for way in ['ftp', 'scm']: {
  parent: site
  name: way
  properties: { allow: false }
}]

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: site
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'FunctionAppLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output url string = 'https://${site.properties.defaultHostName}'
