// Satchel on Azure: one app, on the plan that `plan` names, and what it needs to run without a stored password.
//
// Without an image only the ground is laid (registry, vault, storage, logs), so that an image can be pushed to the registry first.

targetScope = 'resourceGroup'

@description('Name of the deployment, for tags; azd gives its environment\'s.')
param environmentName string

@description('Where everything is put. For container-apps-gpu a region that has serverless GPUs.')
param location string = resourceGroup().location

@description('Where the app runs. The last two are there to be refused with a sentence: they cannot run such an image.')
@allowed(['container-apps', 'container-apps-gpu', 'premium', 'dedicated', 'flex-consumption', 'consumption'])
param plan string = 'container-apps'

@description('The image by digest, such as name.azurecr.io/satchel@sha256:... Empty lays the ground only.')
param image string = ''

@description('Where models run: in the app, or at a remote service (SATCHEL_MODE).')
@allowed(['embedded', 'remote'])
param mode string = 'embedded'

@description('Endpoints of the remote service, with commas between (SATCHEL_REMOTE_URL).')
param remoteUrl string = ''

@description('Protocol of the remote service (SATCHEL_REMOTE_PROTOCOL). Empty leaves it to the bundle. A Function speaks HTTP only.')
@allowed(['', 'oip-http', 'oip-grpc', 'tfs-http', 'tfs-grpc'])
param remoteProtocol string = ''

@description('Scope for which the managed identity gets tokens for the remote service (SATCHEL_REMOTE_IDENTITY).')
param remoteIdentity string = ''

@description('What takes the requests that the mode cannot (SATCHEL_OVERFLOW).')
@allowed(['off', 'remote', 'embedded'])
param overflow string = 'off'

@description('Bearer token for the remote service (SATCHEL_REMOTE_TOKEN). It goes to the vault.')
@secure()
param remoteToken string = ''

@description('SHA-256 digests of API keys, with commas between (SATCHEL_API_KEYS). Needed on container-apps-gpu, which has no function keys.')
@secure()
param apiKeyDigests string = ''

@description('The function key that callers send as x-functions-key.')
@secure()
@minLength(15)
param functionKey string

@description('The Functions host\'s master key, for its administration alone.')
@secure()
@minLength(15)
param masterKey string

@description('Who deploys: may read the keys back from the vault. Empty grants nobody.')
param principalId string = ''

@description('Least number of instances. 0 costs nothing while idle, and a cold start after; premium and dedicated have 1 at least.')
@minValue(0)
param minReplicas int = 0

@description('Greatest number of instances. On dedicated it is minReplicas that counts.')
@minValue(1)
param maxReplicas int = 5

@description('CPU cores of a replica on container-apps.')
param cpu string = '1.0'

@description('Memory of a replica on container-apps.')
param memory string = '2Gi'

@description('Serverless GPU of container-apps-gpu.')
@allowed(['Consumption-GPU-NC8as-T4', 'Consumption-GPU-NC24-A100'])
param gpuProfile string = 'Consumption-GPU-NC8as-T4'

@description('Requests at once that one GPU replica is to have before another is started.')
@minValue(1)
param gpuConcurrency int = 16

@description('Size of an instance on premium.')
@allowed(['EP1', 'EP2', 'EP3'])
param premiumSku string = 'EP1'

@description('Size of an instance on dedicated.')
param dedicatedSku string = 'P0v3'

// What cannot work stops here, before anything is made, with a sentence that says what to do.
var noContainers = 'The plan ${plan} cannot run an image that holds the Functions host, as ours does: choose container-apps(-gpu), premium or dedicated.'
var noDigest = 'The image ${image} is not given by digest. A tag may move under a running app: use name@sha256:...'
var noKeys = 'On container-apps-gpu there are no function keys: give SATCHEL_API_KEYS, or anybody could call the app.'
var noEndpoint = 'Remote mode needs SATCHEL_REMOTE_URL, the endpoint of the service that runs the models.'

var runnablePlan = contains(['flex-consumption', 'consumption'], plan) ? fail(noContainers) : plan
var isOpen = runnablePlan == 'container-apps-gpu' && empty(apiKeyDigests)
var onGpu = isOpen ? fail(noKeys) : runnablePlan == 'container-apps-gpu'
var onContainerApps = onGpu || runnablePlan == 'container-apps'
var pinnedImage = empty(image) || contains(image, '@sha256:') ? image : fail(noDigest)
var reachableMode = mode == 'remote' && empty(remoteUrl) ? fail(noEndpoint) : mode
var hasApp = !empty(pinnedImage)

// A replica gets a whole machine of its profile.
var gpuSizes = {
  'Consumption-GPU-NC8as-T4': { cpu: '8', memory: '56Gi' }
  'Consumption-GPU-NC24-A100': { cpu: '24', memory: '220Gi' }
}

var token = uniqueString(resourceGroup().id, environmentName)
var tags = {
  'azd-env-name': environmentName
  plan: runnablePlan
}

// Only what is set is passed on: Satchel refuses an empty setting, and any that it does not know.
var modeSettings = [
  { name: 'SATCHEL_MODE', value: reachableMode }
  { name: 'SATCHEL_OVERFLOW', value: overflow }
  { name: 'AZURE_CLIENT_ID', value: identity.properties.clientId }
]
var urlSettings = empty(remoteUrl) ? [] : [{ name: 'SATCHEL_REMOTE_URL', value: remoteUrl }]
var protocolSettings = empty(remoteProtocol) ? [] : [{ name: 'SATCHEL_REMOTE_PROTOCOL', value: remoteProtocol }]
var identitySettings = empty(remoteIdentity) ? [] : [{ name: 'SATCHEL_REMOTE_IDENTITY', value: remoteIdentity }]
var settings = concat(modeSettings, urlSettings, protocolSettings, identitySettings)

var keySettings = empty(apiKeyDigests) ? [] : [{ name: 'SATCHEL_API_KEYS', secret: 'satchel-api-keys' }]
var tokenSettings = empty(remoteToken) ? [] : [{ name: 'SATCHEL_REMOTE_TOKEN', secret: 'satchel-remote-token' }]
var secretSettings = concat(keySettings, tokenSettings)

// The slim image says its log itself; a Function's goes through the host.
var slimSettings = [{ name: 'SATCHEL_LOG_FORMAT', value: 'json' }]

// What the Functions host needs; it shows the identity to storage and to Application Insights, and no key.
var hostSettings = [
  { name: 'FUNCTIONS_WORKER_RUNTIME', value: 'python' }
  { name: 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT', value: '104857600' }
  { name: 'AzureWebJobsStorage__accountName', value: storage.outputs.name }
  { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
  { name: 'AzureWebJobsStorage__clientId', value: identity.properties.clientId }
  { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: monitor.outputs.connectionString }
  { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'Authorization=AAD;ClientId=${identity.properties.clientId}' }
]

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${token}'
  location: location
  tags: tags
}

module monitor 'modules/monitor.bicep' = {
  name: 'monitor'
  params: {
    location: location
    tags: tags
    token: token
    identityPrincipalId: identity.properties.principalId
  }
}

module registry 'modules/registry.bicep' = {
  name: 'registry'
  params: {
    location: location
    tags: tags
    token: token
    identityPrincipalId: identity.properties.principalId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    location: location
    tags: tags
    token: token
    identityPrincipalId: identity.properties.principalId
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    location: location
    tags: tags
    token: token
    identityPrincipalId: identity.properties.principalId
    hostWritesKeys: !onContainerApps
    deployerPrincipalId: principalId
    functionKey: functionKey
    masterKey: masterKey
    apiKeyDigests: apiKeyDigests
    remoteToken: remoteToken
  }
}

module containerApp 'modules/container-app.bicep' = if (hasApp && onContainerApps) {
  name: 'container-app'
  params: {
    location: location
    tags: tags
    token: token
    identityId: identity.id
    image: pinnedImage
    registryServer: registry.outputs.loginServer
    vaultUri: vault.outputs.uri
    workspaceId: monitor.outputs.workspaceId
    isFunction: !onGpu
    settings: onGpu ? concat(settings, slimSettings) : concat(settings, hostSettings)
    secretSettings: secretSettings
    profile: onGpu ? gpuProfile : 'Consumption'
    cpu: onGpu ? gpuSizes[gpuProfile].cpu : cpu
    memory: onGpu ? gpuSizes[gpuProfile].memory : memory
    minReplicas: minReplicas
    maxReplicas: maxReplicas
    concurrency: gpuConcurrency
  }
}

module appService 'modules/app-service.bicep' = if (hasApp && !onContainerApps) {
  name: 'app-service'
  params: {
    location: location
    tags: tags
    token: token
    identityId: identity.id
    identityClientId: identity.properties.clientId
    image: pinnedImage
    registryServer: registry.outputs.loginServer
    vaultUri: vault.outputs.uri
    workspaceId: monitor.outputs.workspaceId
    settings: concat(settings, hostSettings)
    secretSettings: secretSettings
    isPremium: runnablePlan == 'premium'
    sku: runnablePlan == 'premium' ? premiumSku : dedicatedSku
    minInstances: max(minReplicas, 1)
    maxInstances: maxReplicas
  }
}

output AZURE_CONTAINER_REGISTRY_NAME string = registry.outputs.name
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = registry.outputs.loginServer


@description('azd reads the keys back from it, so that they stay the same.')
output AZURE_KEY_VAULT_NAME string = vault.outputs.name

@description('Where the app answers; empty until there is one.')
output APP_URL string = !hasApp ? '' : onContainerApps ? containerApp!.outputs.url : appService!.outputs.url
