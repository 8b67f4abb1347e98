{{/* Where alerts and their evidence are kept, and what that allows. */}}

{{- define "vigie.alert.refusals" -}}
{{- with .Values.alert }}
{{- if gt (int .replicas) 1 }}
{{- if not .database.existingSecret }}
{{- fail (printf "alert.replicas is %d and alert.database.existingSecret is empty: several replicas need PostgreSQL; name the Secret that holds its URL, or leave one replica" (int .replicas)) }}
{{- end }}
{{- if and .evidence.persistent (not .evidence.existingClaim) (ne .evidence.accessMode "ReadWriteMany") }}
{{- fail (printf "alert.replicas is %d and alert.evidence.accessMode is %s: several replicas need ReadWriteMany" (int .replicas) .evidence.accessMode) }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "vigie.alert.claim" -}}
{{- .Values.alert.evidence.existingClaim | default (printf "%s-alert-evidence" (include "vigie.fullname" .)) -}}
{{- end -}}

{{- define "vigie.alert.env" -}}
{{- with .Values.alert.database }}
{{- if .existingSecret }}
- name: VIGIE_ALERT_DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: {{ .urlKey }}}}
{{- end }}
{{- end }}
{{- end -}}

{{- define "vigie.alert.mounts" -}}
- {name: evidence, mountPath: /var/lib/vigie}
{{- end -}}

{{- define "vigie.alert.volumes" -}}
- name: evidence
  {{- if .Values.alert.evidence.persistent }}
  persistentVolumeClaim: {claimName: {{ include "vigie.alert.claim" . }}}
  {{- else }}
  emptyDir: {sizeLimit: {{ .Values.alert.evidence.size }}}
  {{- end }}
{{- end -}}

{{/* A volume of one node, or SQLite, has one writer: the old pod goes before the new one comes */}}
{{- define "vigie.alert.strategy" -}}
{{- $evidence := .Values.alert.evidence -}}
{{- $shared := or (not $evidence.persistent) (eq $evidence.accessMode "ReadWriteMany") -}}
{{- if and .Values.alert.database.existingSecret $shared }}RollingUpdate{{ else }}Recreate{{ end -}}
{{- end -}}
