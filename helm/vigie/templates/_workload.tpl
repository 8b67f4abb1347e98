{{/* One pod, the same for every service; two ways to run it; what they are told. */}}

{{- define "vigie.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "vigie.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Where a pod may run. Arguments: root, values */}}
{{- define "vigie.placement" -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - {name: {{ . }}}
  {{- end }}
{{- end }}
{{- range $field := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $.values $field }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
The settings of a service, as a ConfigMap. Arguments: root, service, values, settings (a map: the service's own)
*/}}
{{- define "vigie.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "vigie.metadata" . | nindent 2 }}
data:
  {{- include "vigie.commonSettings" .root | nindent 2 }}
  VIGIE_HTTP_HOST: "0.0.0.0"
  VIGIE_HTTP_PORT: "8080"
  {{- range $name, $value := .settings }}
  {{ $name }}: {{ $value | quote }}
  {{- end }}
  {{- range $name, $value := .values.settings }}
  {{ $name }}: {{ $value | quote }}
  {{- end }}
{{- end -}}

{{/* What a pod is told beside its ConfigMap. Arguments as for vigie.podTemplate */}}
{{- define "vigie.env" -}}
{{- if .static }}
- name: VIGIE_INSTANCE_ID
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
{{- end }}
{{- include "vigie.kafkaSecretEnv" .root }}
{{- .env | default "" }}
{{- end -}}

{{/*
A pod template. Arguments as for vigie.configMap, and: static (its pods keep their name: static group membership),
env, mounts, volumes (YAML lists as text, the service's own), image (whose service it runs, if not its own name's),
arguments (a list)
*/}}
{{- define "vigie.podTemplate" -}}
metadata:
  labels:
    {{- include "vigie.labels" . | nindent 4 }}
    {{- with .values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/settings: {{ include "vigie.configMap" . | sha256sum }}
    {{- with .values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "vigie.fullname" .root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 30
  securityContext:
    {{- include "vigie.podSecurityContext" . | nindent 4 }}
  {{- with include "vigie.placement" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  containers:
    - name: {{ .service }}
      image: {{ include "vigie.image" (dict "root" .root "service" (.image | default .service)) }}
      {{- with .arguments }}
      args: {{ toJson . }}
      {{- end }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      envFrom:
        - configMapRef: {name: {{ include "vigie.fullname" .root }}-{{ .service }}}
      {{- with include "vigie.env" . | trim }}
      env:
        {{- . | nindent 8 }}
      {{- end }}
      ports:
        - {name: http, containerPort: 8080}
      startupProbe:
        httpGet: {path: /live, port: http}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /live, port: http}
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 3
      readinessProbe:
        httpGet: {path: /ready, port: http}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      securityContext:
        {{- include "vigie.containerSecurityContext" . | nindent 8 }}
      resources:
        {{- toYaml .values.resources | nindent 8 }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        {{- with include "vigie.kafkaTlsMount" .root | trim }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with .mounts }}
        {{- trim . | nindent 8 }}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {sizeLimit: 1Gi}
    {{- with include "vigie.kafkaTlsVolume" .root | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with .volumes }}
    {{- trim . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/*
A service whose pods keep their names: the pod's name is its Kafka group.instance.id, so a restart in place
gets its partitions back without a rebalance. Arguments as for vigie.podTemplate, static set here.
*/}}
{{- define "vigie.statefulService" -}}
{{- $service := merge (dict "static" true) . -}}
{{ include "vigie.configMap" $service }}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "vigie.metadata" $service | nindent 2 }}
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector:
    {{- include "vigie.selectorLabels" $service | nindent 4 }}
  ports:
    - {name: http, port: 8080, targetPort: http}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  {{- include "vigie.metadata" $service | nindent 2 }}
spec:
  serviceName: {{ include "vigie.fullname" .root }}-{{ .service }}
  {{- with .values.replicas }}
  replicas: {{ . | int }}
  {{- end }}
  podManagementPolicy: Parallel
  selector:
    matchLabels:
      {{- include "vigie.selectorLabels" $service | nindent 6 }}
  template:
    {{- include "vigie.podTemplate" $service | nindent 4 }}
{{- end -}}

{{/* A service whose pods are alike. Arguments as for vigie.podTemplate, and strategy (a rollout's type) */}}
{{- define "vigie.statelessService" -}}
{{- $service := merge (dict "static" false) . -}}
{{ include "vigie.configMap" $service }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "vigie.metadata" $service | nindent 2 }}
spec:
  {{- with .values.replicas }}
  replicas: {{ . | int }}
  {{- end }}
  strategy: {type: {{ .strategy | default "RollingUpdate" }}}
  selector:
    matchLabels:
      {{- include "vigie.selectorLabels" $service | nindent 6 }}
  template:
    {{- include "vigie.podTemplate" $service | nindent 4 }}
{{- end -}}

{{- define "vigie.jobResources" -}}
requests: {cpu: 50m, memory: 128Mi}
limits: {cpu: 500m, memory: 512Mi}
{{- end -}}

{{/*
A job that runs `vigie` around an install or upgrade. It carries its settings itself: a hook runs before
the release's own objects are there. Arguments: root, service (the job's name), hook, commands (run in order),
before (containers that run before them, as text), mounts, volumes
*/}}
{{- define "vigie.job" -}}
apiVersion: batch/v1
kind: Job
metadata:
  {{- include "vigie.metadata" . | nindent 2 }}
  annotations:
    helm.sh/hook: {{ .hook }}
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  backoffLimit: 4
  activeDeadlineSeconds: 280
  template:
    metadata:
      labels:
        {{- include "vigie.labels" . | nindent 8 }}
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 30
      securityContext:
        {{- include "vigie.podSecurityContext" . | nindent 8 }}
      {{- with include "vigie.placement" (dict "root" .root "values" dict) | trim }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- $last := last .commands }}
      {{- if or .before (initial .commands) }}
      initContainers:
        {{- with .before }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- range initial .commands }}
        {{- include "vigie.jobContainer" (merge (dict "command" .) $) | nindent 8 }}
        {{- end }}
      {{- end }}
      containers:
        {{- include "vigie.jobContainer" (merge (dict "command" $last) .) | nindent 8 }}
      volumes:
        - name: tmp
          emptyDir: {sizeLimit: 64Mi}
        {{- with include "vigie.kafkaTlsVolume" .root | trim }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with .volumes }}
        {{- trim . | nindent 8 }}
        {{- end }}
{{- end -}}

{{/* One `vigie` command of a job. Arguments as for vigie.job, and command (a list: the arguments of vigie) */}}
{{- define "vigie.jobContainer" -}}
- name: {{ first .command }}
  image: {{ include "vigie.image" (dict "root" .root "service" "cli") }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  args: {{ toJson .command }}
  env:
    {{- range $name, $value := include "vigie.commonSettings" .root | fromYaml }}
    - {name: {{ $name }}, value: {{ $value | quote }}}
    {{- end }}
    {{- with include "vigie.kafkaSecretEnv" .root | trim }}
    {{- . | nindent 4 }}
    {{- end }}
  securityContext:
    {{- include "vigie.containerSecurityContext" . | nindent 4 }}
  resources:
    {{- include "vigie.jobResources" . | nindent 4 }}
  volumeMounts:
    - {name: tmp, mountPath: /tmp}
    {{- with include "vigie.kafkaTlsMount" .root | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with .mounts }}
    {{- trim . | nindent 4 }}
    {{- end }}
{{- end -}}
