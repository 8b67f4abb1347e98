{{/* Cameras' users and passwords: `credentials: env:NAME` and `credentials: file:/run/secrets/NAME` of a camera file. */}}

{{- define "vigie.frameSampler.env" -}}
{{- range $name, $from := .Values.frameSampler.credentials }}
{{- if hasPrefix "VIGIE_" $name }}
{{- fail (printf "frameSampler.credentials.%s: a name that begins with VIGIE_ is a setting; give the camera's variable another, in its file too" $name) }}
{{- end }}
- name: {{ $name }}
  valueFrom: {secretKeyRef: {name: {{ $from.secret }}, key: {{ $from.key }}}}
{{- end }}
{{- end -}}

{{- define "vigie.frameSampler.mounts" -}}
{{- if .Values.frameSampler.credentialsSecret }}
- {name: credentials, mountPath: /run/secrets, readOnly: true}
{{- end }}
{{- end -}}

{{- define "vigie.frameSampler.volumes" -}}
{{- with .Values.frameSampler.credentialsSecret }}
- name: credentials
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- end -}}
