{{/* Where the history of figures is kept, and what that allows. */}}

{{- define "vigie.statisticsHistory.refusals" -}}
{{- with .Values.statisticsHistory }}
{{- if and (gt (int .replicas) 1) (not .database.existingSecret) }}
{{- fail (printf "statisticsHistory.replicas is %d and statisticsHistory.database.existingSecret is empty: several replicas need PostgreSQL; name the Secret that holds its URL, or leave one replica" (int .replicas)) }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "vigie.statisticsHistory.claim" -}}
{{- .Values.statisticsHistory.storage.existingClaim | default (printf "%s-statistics-history" (include "vigie.fullname" .)) -}}
{{- end -}}

{{- define "vigie.statisticsHistory.env" -}}
{{- with .Values.statisticsHistory.database }}
{{- if .existingSecret }}
- name: VIGIE_STATISTICS_DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: {{ .urlKey }}}}
{{- end }}
{{- end }}
{{- end -}}

{{/* With PostgreSQL the pod keeps nothing */}}
{{- define "vigie.statisticsHistory.mounts" -}}
{{- if not .Values.statisticsHistory.database.existingSecret }}
- {name: history, mountPath: /var/lib/vigie}
{{- end }}
{{- end -}}

{{- define "vigie.statisticsHistory.volumes" -}}
{{- if not .Values.statisticsHistory.database.existingSecret }}
- name: history
  {{- if .Values.statisticsHistory.storage.persistent }}
  persistentVolumeClaim: {claimName: {{ include "vigie.statisticsHistory.claim" . }}}
  {{- else }}
  emptyDir: {sizeLimit: {{ .Values.statisticsHistory.storage.size }}}
  {{- end }}
{{- end }}
{{- end -}}
