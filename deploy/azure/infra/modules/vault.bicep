// The vault that keeps every key. The app's identity reads it; whoever deploys can read the keys back.

@description('Where it is put.')
param location string

@description('Tags of every resource.')
param tags object

@description('What makes names unique.')
param token string

@description('The app\'s identity.')
param identityPrincipalId string

@description('Whether the Functions host writes keys of single functions into the vault, as it does on App Service plans.')
param hostWritesKeys bool

@description('Who may read the keys back; empty for nobody.')
param deployerPrincipalId string

@description('The key that callers send.')
@secure()
param functionKey string

@description('The host\'s master key.')
@secure()
param masterKey string

@description('Digests for SATCHEL_API_KEYS; empty for none.')
@secure()
param apiKeyDigests string

@description('The token for SATCHEL_REMOTE_TOKEN; empty for none.')
@secure()
param remoteToken string

var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
var secretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
var appRole = hostWritesKeys ? secretsOfficer : secretsUser

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: 'kv-${token}'
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 7
  }
}

// The names are those that the Functions host itself looks for in a vault.
resource functionKeySecret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'host--functionKey--default'
  properties: { value: functionKey }
}

resource masterKeySecret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'host--masterKey--master'
  properties: { value: masterKey }
}

resource apiKeysSecret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(apiKeyDigests)) {
  parent: vault
  name: 'satchel-api-keys'
  properties: { value: apiKeyDigests }
}

resource remoteTokenSecret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(remoteToken)) {
  parent: vault
  name: 'satchel-remote-token'
  properties: { value: remoteToken }
}

resource appReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, identityPrincipalId, appRole)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', appRole)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource deployerReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerPrincipalId)) {
  name: guid(vault.id, deployerPrincipalId, secretsUser)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
    principalId: deployerPrincipalId
  }
}

output name string = vault.name
output uri string = vault.properties.vaultUri
