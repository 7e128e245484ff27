#!/bin/sh
# Rustdoc with unstable options. For a whole build, the variable would rebuild dependencies whose build scripts read it.
export RUSTC_BOOTSTRAP=1
exec rustdoc "$@"
