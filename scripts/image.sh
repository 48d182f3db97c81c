# shellcheck shell=bash
# Writes a container image; sourced by package-lambda after it has collected its files.
#
#     write_image DIR    an image layout (OCI 1.0) of one layer, from scratch: what the zip has in
#                        /var/task, confhouse itself, and Mozilla's bundle of trusted certificates,
#                        which no base image brings along. Its bytes depend on its files alone.

# add_blob FILE: moves the file among the blobs; prints its hash.
add_blob() {
    local hash
    hash=$(hash_of "$1")
    mv "$1" "$layout/blobs/sha256/$hash"
    printf '%s\n' "$hash"
}

size_of() {
    stat -c %s "$layout/blobs/sha256/$1"
}

write_layer() { # FILE: the root file system as a tar
    local tree=$build/image-root
    rm -rf "$tree"
    mkdir -p "$tree/var/task" "$tree/tmp" "$tree/usr/bin" "$tree/etc/ssl/certs"
    cp -r "$files/." "$tree/var/task/"
    cp "$build/confhouse" "$tree/usr/bin/confhouse"
    cp "$deps/ca-certificates.crt" "$tree/etc/ssl/certs/ca-certificates.crt"
    settle "$tree"
    chmod 755 "$tree/var/task/bootstrap" "$tree/usr/bin/confhouse"
    chmod 1777 "$tree/tmp"
    tar --create --file "$1" --directory "$tree" --format=gnu --sort=name --owner=0 --group=0 \
        --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" .
    rm -rf "$tree"
}

write_image() {
    local image=$1 layout created tar_hash layer layer_size config manifest
    case $image in /*) ;; *) image=$PWD/$image ;; esac
    [ ! -e "$image" ] || [ -e "$image/oci-layout" ] || [ -z "$(ls -A "$image")" ] ||
        die "$image is there and is not an image layout"
    layout=$image.partial
    rm -rf "$layout"
    mkdir -p "$layout/blobs/sha256"
    created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)

    write_layer "$layout/layer.tar"
    tar_hash=$(hash_of "$layout/layer.tar")
    gzip -9 -n "$layout/layer.tar"
    layer=$(add_blob "$layout/layer.tar.gz")
    layer_size=$(size_of "$layer")

    cat >"$layout/config" <<JSON
{"created":"$created","architecture":"$platform","os":"linux","config":{"User":"65532:65532","Env":["PATH=/usr/bin","HOME=/tmp","TMPDIR=/tmp"],"Entrypoint":["/usr/bin/confhouse"],"Cmd":["run"],"WorkingDir":"/tmp","Labels":{"org.opencontainers.image.title":"confhouse","org.opencontainers.image.revision":"$revision"}},"rootfs":{"type":"layers","diff_ids":["sha256:$tar_hash"]},"history":[{"created":"$created","created_by":"scripts/package-lambda"}]}
JSON
    config=$(add_blob "$layout/config")
    cat >"$layout/manifest" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:$config","size":$(size_of "$config")},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:$layer","size":$layer_size}]}
JSON
    manifest=$(add_blob "$layout/manifest")
    cat >"$layout/index.json" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:$manifest","size":$(size_of "$manifest"),"platform":{"architecture":"$platform","os":"linux"}}]}
JSON
    printf '{"imageLayoutVersion":"1.0.0"}\n' >"$layout/oci-layout"
    rm -rf "$image"
    mv "$layout" "$image"
    printf '%s: %s, %d bytes in one layer, manifest sha256 %s\n' "$(shown "$image")" "$platform" \
        "$layer_size" "$manifest"
}
