{{/* What every process is told: plain settings, and secrets by reference. */}}

{{/* VIGIE_* of every service, as a YAML map */}}
{{- define "vigie.commonSettings" -}}
VIGIE_KAFKA_BOOTSTRAP: {{ required "kafka.bootstrap is empty: set it to the brokers of your Kafka, as --set kafka.bootstrap=kafka-0.kafka:9092" .Values.kafka.bootstrap | quote }}
VIGIE_KAFKA_SECURITY_PROTOCOL: {{ .Values.kafka.securityProtocol }}
{{- if hasPrefix "SASL_" .Values.kafka.securityProtocol }}
VIGIE_KAFKA_SASL_MECHANISM: {{ .Values.kafka.sasl.mechanism }}
{{- end }}
{{- if .Values.kafka.tls.existingSecret }}
VIGIE_KAFKA_SSL_CAFILE: /etc/vigie/kafka-tls/ca.crt
{{- if .Values.kafka.tls.clientCertificate }}
VIGIE_KAFKA_SSL_CERTFILE: /etc/vigie/kafka-tls/tls.crt
VIGIE_KAFKA_SSL_KEYFILE: /etc/vigie/kafka-tls/tls.key
{{- end }}
{{- end }}
VIGIE_TOPIC_PREFIX: {{ .Values.topics.prefix | quote }}
VIGIE_TOPIC_PARTITIONS: {{ .Values.topics.partitions | int | quote }}
VIGIE_TOPIC_REPLICATION: {{ .Values.topics.replication | int | quote }}
{{- with .Values.schemaRegistry.url }}
VIGIE_SCHEMA_REGISTRY_URL: {{ . | quote }}
{{- end }}
VIGIE_LOG_FORMAT: {{ .Values.log.format }}
VIGIE_LOG_LEVEL: {{ .Values.log.level }}
{{- end -}}

{{/* Environment entries whose values are in Secrets: [] when Kafka wants none */}}
{{- define "vigie.kafkaSecretEnv" -}}
{{- if hasPrefix "SASL_" .Values.kafka.securityProtocol }}
{{- $secret := required (printf "kafka.sasl.existingSecret is empty while kafka.securityProtocol is %s: name the Secret that holds the user and the password" .Values.kafka.securityProtocol) .Values.kafka.sasl.existingSecret }}
- name: VIGIE_KAFKA_SASL_USERNAME
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ .Values.kafka.sasl.usernameKey }}}}
- name: VIGIE_KAFKA_SASL_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ .Values.kafka.sasl.passwordKey }}}}
{{- end }}
{{- end -}}

{{- define "vigie.kafkaTlsMount" -}}
{{- if .Values.kafka.tls.existingSecret }}
- {name: kafka-tls, mountPath: /etc/vigie/kafka-tls, readOnly: true}
{{- end }}
{{- end -}}

{{- define "vigie.kafkaTlsVolume" -}}
{{- with .Values.kafka.tls }}
{{- if .existingSecret }}
- name: kafka-tls
  secret:
    secretName: {{ .existingSecret }}
    defaultMode: 0440
    items:
      - {key: {{ .caKey }}, path: ca.crt}
      {{- if .clientCertificate }}
      - {key: {{ .certKey }}, path: tls.crt}
      - {key: {{ .keyKey }}, path: tls.key}
      {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Where inference finds Triton */}}
{{- define "vigie.tritonUrl" -}}
{{- if .Values.triton.enabled -}}
{{- if .Values.triton.url -}}
{{- fail "triton.enabled is true and triton.url is set: leave one out, the Triton of the release or yours" -}}
{{- end -}}
{{ include "vigie.fullname" . }}-triton:8001
{{- else -}}
{{- required "triton.url is empty: set it to the gRPC address of your Triton, as --set triton.url=triton:8001, or run one here with --set triton.enabled=true" .Values.triton.url -}}
{{- end -}}
{{- end -}}
