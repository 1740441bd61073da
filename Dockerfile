# docker build -t mailtrace . && docker run --rm -i mailtrace analyze - <message.eml
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o /mailtrace ./cmd/mailtrace

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /mailtrace /mailtrace
COPY LICENSE NOTICE /
USER 65534:65534
ENTRYPOINT ["/mailtrace"]
