# docker buildx bake -f docker/docker-bake.hcl [embedded-onnx | functions | gpu | all | ...]
# Every target on both bases. Variables come from the environment: REGISTRY=ghcr.io/me/ VERSION=1.2.0 BUNDLE=models/mine docker buildx bake ...

variable "REGISTRY" {
  default = "" # with the slash at its end
}
variable "VERSION" {
  default = "" # put before the target in the tag
}
variable "GIT_SHA" {
  default = "unknown"
}
variable "BUNDLE" {
  default = "models/card_elements"
}
variable "PYTHON_VERSION" {
  default = "3.11"
}
variable "TORCH_INDEX_URL" {
  default = "https://download.pytorch.org/whl/cpu"
}
variable "EXTRAS" {
  default = "" # grpc, identity, otel-azure: see the Dockerfile
}

group "default" {
  targets = ["embedded-onnx", "embedded-openvino", "embedded-torchscript", "embedded-tf", "thin"]
}
group "functions" {
  targets = ["embedded-onnx-functions", "embedded-openvino-functions", "embedded-torchscript-functions", "embedded-tf-functions", "thin-functions"]
}
group "all" {
  targets = ["default", "functions", "gpu", "gpu-functions", "dev", "tests"]
}

target "server" {
  matrix = {
    image = ["embedded-onnx", "embedded-openvino", "embedded-torchscript", "embedded-tf", "thin", "gpu"]
    base  = ["slim", "functions"]
  }
  name       = base == "slim" ? image : "${image}-functions"
  dockerfile = "docker/Dockerfile"
  target     = image
  args = {
    BASE            = base
    BUNDLE          = BUNDLE
    EXTRAS          = EXTRAS
    GIT_SHA         = GIT_SHA
    PYTHON_VERSION  = PYTHON_VERSION
    TORCH_INDEX_URL = TORCH_INDEX_URL
    VERSION         = VERSION == "" ? "unknown" : VERSION
  }
  tags = ["${REGISTRY}satchel:${VERSION == "" ? "" : "${VERSION}-"}${image}${base == "slim" ? "" : "-functions"}"]
}

# For work on Satchel; never pushed.
target "workbench" {
  matrix     = { image = ["dev", "tests"] }
  name       = image
  dockerfile = "docker/Dockerfile"
  target     = image
  args       = { PYTHON_VERSION = PYTHON_VERSION }
  tags       = ["satchel:${image}"]
}
