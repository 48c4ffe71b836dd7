// Container Apps: the environment, and either a function app on it (Functions base image) or a plain one on a GPU (slim image).

@description('Where it is put.')
param location string

@description('Tags of every resource.')
param tags object

@description('What makes names unique.')
param token string

@description('The app\'s identity, which pulls the image and reads the vault.')
param identityId string

@description('The image, by digest.')
param image string

@description('Registry that the identity pulls from; others must be open to all.')
param registryServer string

@description('The vault, with a slash at its end.')
param vaultUri string

@description('Workspace that logs go to.')
param workspaceId string

@description('Whether the image holds the Functions host.')
param isFunction bool

@description('Environment variables: name and value.')
param settings array

@description('Environment variables that come from the vault: name and secret.')
param secretSettings array

@description('Workload profile: Consumption, or a serverless GPU.')
param profile string

@description('CPU cores of a replica.')
param cpu string

@description('Memory of a replica.')
param memory string

@description('Least number of replicas.')
param minReplicas int

@description('Greatest number of replicas.')
param maxReplicas int

@description('Requests at once for each replica, where the scale rule is ours to set.')
param concurrency int

var port = 8080

// Here the host only reads its keys, from files of these names, and makes none by itself.
var hostKeys = [
  { secret: 'host-function-default', path: 'host.function.default', source: 'host--functionKey--default' }
  { secret: 'host-master', path: 'host.master', source: 'host--masterKey--master' }
]
var keys = isFunction ? hostKeys : []

var keySecrets = [for key in keys: { name: key.secret, keyVaultUrl: '${vaultUri}secrets/${key.source}', identity: identityId }]
var keyFiles = [for key in keys: { secretRef: key.secret, path: key.path }]
var settingSecrets = [for item in secretSettings: { name: item.secret, keyVaultUrl: '${vaultUri}secrets/${item.secret}', identity: identityId }]
var settingReferences = [for item in secretSettings: { name: item.name, secretRef: item.secret }]
// The host knows this word with an s alone, whatever its documentation says, and else turns to blobs.
var hostReferences = isFunction ? [{ name: 'AzureWebJobsSecretStorageType', value: 'containerapps' }] : []

var running = [
  {
    type: 'Liveness'
    httpGet: { path: '/health/live', port: port }
    initialDelaySeconds: 10
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 10
  }
  {
    type: 'Readiness'
    httpGet: { path: '/health/ready', port: port }
    periodSeconds: 5
    timeoutSeconds: 5
    failureThreshold: 3
  }
]
// The platform adds a probe of the start by itself, but not on GPUs, where a big image also starts slowly.
var starting = [
  {
    type: 'Startup'
    httpGet: { path: '/health/live', port: port }
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 10
  }
]

resource environment 'Microsoft.App/managedEnvironments@2025-07-01' = {
  name: 'cae-${token}'
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: { destination: 'azure-monitor' } // by the diagnostic setting below, which needs no workspace key
    workloadProfiles: [for name in union(['Consumption'], [profile]): { name: name, workloadProfileType: name }]
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: environment
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      { category: 'ContainerAppConsoleLogs', enabled: true }
      { category: 'ContainerAppSystemLogs', enabled: true }
    ]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

// Not called satchel: variables that a cluster makes from a name, such as SATCHEL_PORT, would end the start.
resource app 'Microsoft.App/containerApps@2025-07-01' = {
  name: 'ca-${token}'
  location: location
  tags: tags
  kind: isFunction ? 'functionapp' : null
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    environmentId: environment.id
    workloadProfileName: profile
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: true
        allowInsecure: false
        targetPort: port
        transport: 'auto'
      }
      registries: [{ server: registryServer, identity: identityId }]
      secrets: concat(keySecrets, settingSecrets)
    }
    template: {
      terminationGracePeriodSeconds: 45 // a request may take 30 s
      containers: [
        {
          name: 'app'
          image: image
          resources: { cpu: json(cpu), memory: memory }
          env: concat(settings, settingReferences, hostReferences)
          probes: isFunction ? running : concat(starting, running)
          volumeMounts: isFunction ? [{ volumeName: 'functions-keys', mountPath: '/run/secrets/functions-keys' }] : []
        }
      ]
      volumes: isFunction ? [{ name: 'functions-keys', storageType: 'Secret', secrets: keyFiles }] : []
      scale: {
        minReplicas: minReplicas
        maxReplicas: maxReplicas
        // The platform makes a function app's rules itself, and refuses others.
        rules: isFunction ? null : [{ name: 'http', http: { metadata: { concurrentRequests: string(concurrency) } } }]
      }
    }
  }
}

output url string = 'https://${app.properties.configuration.ingress.fqdn}'
