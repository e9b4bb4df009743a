{{/* Labels of an object; call with (list $ "component"). */}}
{{- define "pharos.labels" -}}
{{- $ := index . 0 -}}
{{ include "pharos.selector" . }}
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Labels that choose a component's pods; call with (list $ "component"). */}}
{{- define "pharos.selector" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: pharos
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "pharos.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- .Values.image.repository }}:{{ $tag }}{{ with .Values.image.digest }}@{{ . }}{{ end -}}
{{- end }}

{{/* The address of the API server: the value, else the first endpoint of default/kubernetes, else a failure that says what to set. */}}
{{- define "pharos.apiServer" -}}
{{- $slice := lookup "discovery.k8s.io/v1" "EndpointSlice" "default" "kubernetes" | default dict -}}
{{- $endpoint := first ($slice.endpoints | default list) | default dict -}}
{{- $address := first ($endpoint.addresses | default list) -}}
{{- $port := first ($slice.ports | default list) | default dict -}}
{{- if .Values.apiServer.url -}}
{{- .Values.apiServer.url -}}
{{- else if and $address $port.port -}}
{{- if contains ":" $address }}{{ $address = printf "[%s]" $address }}{{ end -}}
{{- printf "https://%s:%v" $address (int $port.port) -}}
{{- else -}}
{{- fail "apiServer.url is empty, and no cluster can be asked for the endpoints of default/kubernetes: set it to the https://host:port under which every node reaches the API server. A Service's address will not do: its route exists only when Pharos runs." -}}
{{- end -}}
{{- end }}

{{/* Arguments that all three daemons take. */}}
{{- define "pharos.commonArgs" -}}
- --namespace={{ .Release.Namespace }}
- --api-server={{ include "pharos.apiServer" . }}
- --log-level={{ .Values.log.level }}
- --log-format={{ .Values.log.format }}
{{- end }}

{{/* What all pods have in common: the host's network, which does not depend on what they make. */}}
{{- define "pharos.podBasics" -}}
hostNetwork: true
dnsPolicy: Default
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Node conditions and roles that do not keep the control plane away. It leaves a machine that is gone. */}}
{{- define "pharos.tolerations" -}}
tolerations:
  - { key: node-role.kubernetes.io/control-plane, operator: Exists, effect: NoSchedule }
  - { key: node.kubernetes.io/not-ready, operator: Exists, effect: NoSchedule }
  - { key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 300 }
  - { key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 30 }
  - { key: node.kubernetes.io/network-unavailable, operator: Exists, effect: NoSchedule }
  - { key: node.cloudprovider.kubernetes.io/uninitialized, operator: Exists, effect: NoSchedule }
{{- end }}

{{/* The health argument; call with (list $ port). */}}
{{- define "pharos.healthArg" -}}
{{- $ := index . 0 -}}
- --health={{ $.Values.metrics.expose | ternary "$(HOST_ADDRESS)" "127.0.0.1" }}:{{ index . 1 }}
{{- end }}

{{/* Environment of the health argument. */}}
{{- define "pharos.healthEnv" -}}
{{- if .Values.metrics.expose -}}
- name: HOST_ADDRESS
  valueFrom: { fieldRef: { fieldPath: status.hostIP } }
{{- end }}
{{- end }}

{{/* Probes of the health listener; call with (list $ port). No ports are declared: on the host's network each would keep a second pod away. */}}
{{- define "pharos.probes" -}}
{{- $ := index . 0 -}}
livenessProbe:
  httpGet: { {{ include "pharos.probeHost" $ }}port: {{ index . 1 }}, path: /livez }
  initialDelaySeconds: 10
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 6
readinessProbe:
  httpGet: { {{ include "pharos.probeHost" $ }}port: {{ index . 1 }}, path: /readyz }
  periodSeconds: 5
  timeoutSeconds: 3
{{- end }}

{{/* Without a host kubelet asks the pod's address, which is the node's. */}}
{{- define "pharos.probeHost" -}}
{{- if not .Values.metrics.expose }}host: 127.0.0.1, {{ end -}}
{{- end }}

{{/* Who runs a container without any right; call with the uid. */}}
{{- define "pharos.plainSecurity" -}}
securityContext:
  runAsUser: {{ . }}
  runAsGroup: {{ . }}
  runAsNonRoot: {{ ne (int .) 0 }}
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities: { drop: [ALL] }
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/* Who a part's roles are for; call with (list $ "part"). */}}
{{- define "pharos.subjects" -}}
{{- $ := index . 0 -}}
{{- $part := index . 1 -}}
- { kind: ServiceAccount, name: pharos-{{ $part }}, namespace: {{ $.Release.Namespace }} }
{{- if and (eq $part "agent") $.Values.agent.certificateGroup }}
- { kind: Group, apiGroup: rbac.authorization.k8s.io, name: {{ $.Values.agent.certificateGroup | quote }} }
{{- end }}
{{- end }}
