{{/*
The folder that `vigie apply` reads, gathered from ConfigMaps: a ConfigMap's keys hold no slash, and nothing can be
mounted inside a mounted ConfigMap. Of site.files, `cameras/gate.yaml` is the key `cameras__gate.yaml`.
*/}}

{{- define "vigie.site.parts" -}}
{{- if .Values.site.files }}
- {name: files, mountPath: /etc/vigie/parts/files, readOnly: true}
{{- end }}
{{- range $i, $from := .Values.site.configMaps }}
- {name: part-{{ $i }}, mountPath: /etc/vigie/parts/{{ $i }}, readOnly: true}
{{- end }}
{{- end -}}

{{- define "vigie.site.script" -}}
set -eu
{{- if .Values.site.files }}
cp -RL /etc/vigie/parts/files/* /etc/vigie/site/
{{- end }}
{{- range $i, $from := .Values.site.configMaps }}
mkdir -p /etc/vigie/site/{{ $from.folder }}
cp -L /etc/vigie/parts/{{ $i }}/* /etc/vigie/site/{{ $from.folder }}/
{{- end }}
{{- end -}}

{{- define "vigie.site.gather" -}}
- name: gather
  image: {{ include "vigie.image" (dict "root" . "service" "cli") }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: [sh, -c]
  args:
    - |
      {{- include "vigie.site.script" . | nindent 6 }}
  securityContext:
    {{- include "vigie.containerSecurityContext" . | nindent 4 }}
  resources:
    {{- include "vigie.jobResources" . | nindent 4 }}
  volumeMounts:
    - {name: tmp, mountPath: /tmp}
    - {name: site, mountPath: /etc/vigie/site}
    {{- include "vigie.site.parts" . | trim | nindent 4 }}
{{- end -}}

{{- define "vigie.site.mounts" -}}
- {name: site, mountPath: /etc/vigie/site, readOnly: true}
{{- end -}}

{{- define "vigie.site.volumes" -}}
- name: site
  emptyDir: {sizeLimit: 64Mi}
{{- if .Values.site.files }}
- name: files
  configMap:
    name: {{ include "vigie.fullname" . }}-site
    items:
      {{- range $path, $_ := .Values.site.files }}
      - {key: {{ $path | replace "/" "__" }}, path: {{ $path }}}
      {{- end }}
{{- end }}
{{- range $i, $from := .Values.site.configMaps }}
- name: part-{{ $i }}
  configMap: {name: {{ $from.name }}}
{{- end }}
{{- end -}}
