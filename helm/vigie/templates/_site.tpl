{{/* The folder that `vigie apply` reads. A ConfigMap's keys hold no slash: `cameras/gate.yaml` is `cameras__gate.yaml`. */}}

{{- define "vigie.site.mounts" -}}
{{- if .Values.site.files }}
- {name: site, mountPath: /etc/vigie/site, readOnly: true}
{{- end }}
{{- range $i, $from := .Values.site.configMaps }}
- {name: site-{{ $i }}, mountPath: /etc/vigie/site/{{ $from.folder }}, readOnly: true}
{{- end }}
{{- end -}}

{{- define "vigie.site.volumes" -}}
{{- if .Values.site.files }}
- name: site
  configMap:
    name: {{ include "vigie.fullname" . }}-site
    items:
      {{- range $path, $_ := .Values.site.files }}
      - {key: {{ $path | replace "/" "__" }}, path: {{ $path }}}
      {{- end }}
{{- end }}
{{- range $i, $from := .Values.site.configMaps }}
- name: site-{{ $i }}
  configMap: {name: {{ $from.name }}}
{{- end }}
{{- end -}}
