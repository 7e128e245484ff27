"""Prints the PEM samples of the package cryptography-vectors as one JSON array.

Contains every file with a private-key block, and samples of other files: public keys and
parameters, certificates, certificate requests, a revocation list. One element per file:

    {"path":     path inside the package,
     "text":     the file (base64 of it where it is not UTF-8),
     "base64":   whether `text` is base64,
     "labels":   the labels of its "-----BEGIN <label>-----" lines, in order,
     "password": the passphrase, or null,
     "python":   {"kind", "bits", "error"}}

`python` is the result of the Python package `cryptography`: of `load_pem_private_key` for files with
a private-key block (it does not load OpenSSH keys, and a key that is restricted to RSA-PSS is an
"RSAPrivateKey" too), and of the loader for the first label for other files. `kind` is the class of
the object, e.g. "RSAPrivateKey", "EllipticCurvePrivateKey", "RSAPublicKey", "Certificate"; either
`kind` or `error` is null.
"""

import base64
import json
import pathlib
import re
import sys
import warnings

import cryptography_vectors
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)

# The passphrases in the documentation and tests of pyca/cryptography. Some files cannot be decrypted
# with any; they have the passphrase that its tests use for them or for similar files.
PASSWORDS = {
    "asymmetric/Ed25519/ed25519-pkcs8-enc.pem": "password",
    "asymmetric/Ed448/ed448-pkcs8-enc.pem": "password",
    "asymmetric/OpenSSH/dsa-psw.key": "password",
    "asymmetric/OpenSSH/ecdsa-psw.key": "password",
    "asymmetric/OpenSSH/ed25519-aesgcm-psw.key": "password",
    "asymmetric/OpenSSH/ed25519-psw.key": "password",
    "asymmetric/OpenSSH/rsa-psw.key": "password",
    "asymmetric/OpenSSH/sk-ecdsa-psw.key": "password",
    "asymmetric/OpenSSH/sk-ed25519-psw.key": "password",
    "asymmetric/PEM_Serialization/dsa_private_key.pem": "123456",
    "asymmetric/PEM_Serialization/ec_private_key_encrypted.pem": "123456",
    "asymmetric/PEM_Serialization/rsa_private_key.pem": "123456",
    "asymmetric/PKCS8/bad-encryption-oid.pem": "password",
    "asymmetric/PKCS8/ec_private_key_encrypted.pem": "123456",
    "asymmetric/PKCS8/ed25519-scrypt.pem": "hunter42",
    "asymmetric/PKCS8/enc-ec-sha1-128-rc4.pem": "password",
    "asymmetric/PKCS8/enc-rsa-3des.pem": "password",
    "asymmetric/PKCS8/enc-rsa-pkcs8-pbkdf2-0iter.pem": "password",
    "asymmetric/PKCS8/enc-rsa-pkcs8.pem": "foobar",
    "asymmetric/PKCS8/enc-unknown-algorithm.pem": "password",
    "asymmetric/PKCS8/enc-unknown-kdf.pem": "password",
    "asymmetric/PKCS8/enc-unknown-pbkdf2-prf.pem": "password",
    "asymmetric/PKCS8/enc2-rsa-pkcs8.pem": "baz",
    "asymmetric/PKCS8/pkcs12_s2k_pem-X_9607.pem": "123456",
    "asymmetric/PKCS8/pkcs12_s2k_pem-X_9671.pem": "123456",
    "asymmetric/PKCS8/pkcs12_s2k_pem-X_9925.pem": "123456",
    "asymmetric/PKCS8/pkcs12_s2k_pem-X_9926.pem": "123456",
    "asymmetric/PKCS8/pkcs12_s2k_pem-X_9927.pem": "123456",
    "asymmetric/PKCS8/pkcs12_s2k_pem-X_9928.pem": "123456",
    "asymmetric/PKCS8/pkcs12_s2k_pem-X_9929.pem": "123456",
    "asymmetric/PKCS8/pkcs12_s2k_pem-X_9930.pem": "123456",
    "asymmetric/PKCS8/pkcs12_s2k_pem-X_9931.pem": "123456",
    "asymmetric/PKCS8/pkcs12_s2k_pem-X_9932.pem": "123456",
    "asymmetric/PKCS8/rsa-40bitrc2.pem": "baz",
    "asymmetric/PKCS8/rsa-aes-192-cbc.pem": "PolarSSLTest",
    "asymmetric/PKCS8/rsa-pbe-3des-long-salt.pem": "password",
    "asymmetric/PKCS8/rsa-pbewithmd5anddescbc.pem": "hunter2",
    "asymmetric/PKCS8/rsa-rc2-cbc-effective-key-length.pem": "password",
    "asymmetric/PKCS8/rsa-rc2-cbc.pem": "Red Hat Enterprise Linux 7.4",
    "asymmetric/PKCS8/rsa_pkcs8_pbes2_pbkdf2_2048_3des_sha224.pem": "PolarSSLTest",
    "asymmetric/PKCS8/rsa_pkcs8_pbes2_pbkdf2_2048_3des_sha384.pem": "PolarSSLTest",
    "asymmetric/PKCS8/rsa_pkcs8_pbes2_pbkdf2_2048_3des_sha512.pem": "PolarSSLTest",
    "asymmetric/Traditional_OpenSSL_Serialization/key1-malformed-dek-info.pem": "password",
    "asymmetric/Traditional_OpenSSL_Serialization/key1-malformed-iv.pem": "password",
    "asymmetric/Traditional_OpenSSL_Serialization/key1-no-dek-info.pem": "password",
    "asymmetric/Traditional_OpenSSL_Serialization/key1-short-iv.pem": "password",
    "asymmetric/Traditional_OpenSSL_Serialization/key1.pem": "123456",
    "asymmetric/Traditional_OpenSSL_Serialization/key2.pem": "a123456",
    "asymmetric/Traditional_OpenSSL_Serialization/testrsa-encrypted.pem": "password",
    "asymmetric/X25519/x25519-pkcs8-enc.pem": "password",
    "asymmetric/X448/x448-pkcs8-enc.pem": "password",
}

# Classes whose name differs from the documented interface.
INTERFACES = {
    "ECPrivateKey": "EllipticCurvePrivateKey",
    "ECPublicKey": "EllipticCurvePublicKey",
}

# Maximum number of files without a private key per folder.
PER_FOLDER = 24
MAX_BYTES = 16 * 1024  # leaves out one revocation list with thousands of entries
BEGIN = re.compile(rb"-----BEGIN ([^\r\n]*?)-----")


def load(data, labels, password):
    if any(label.endswith("PRIVATE KEY") for label in labels):
        secret = None if password is None else password.encode()
        return load_pem_private_key(data, secret)
    first = labels[0]
    if first.endswith("CERTIFICATE REQUEST"):
        return x509.load_pem_x509_csr(data)
    if first.endswith("CERTIFICATE"):
        return x509.load_pem_x509_certificate(data)
    if first.endswith("CRL"):
        return x509.load_pem_x509_crl(data)
    return load_pem_public_key(data)


def load_with_python(data, labels, password):
    try:
        loaded = load(data, labels, password)
    except Exception as error:
        return {"kind": None, "bits": None, "error": f"{type(error).__name__}: {error}"}
    name = type(loaded).__name__
    return {
        "kind": INTERFACES.get(name, name),
        "bits": getattr(loaded, "key_size", None),
        "error": None,
    }


def sample(path, data):
    labels = [label.decode("ascii", "replace") for label in BEGIN.findall(data)]
    password = PASSWORDS.get(path)
    try:
        text, is_base64 = data.decode(), False
    except UnicodeDecodeError:
        text, is_base64 = base64.b64encode(data).decode(), True
    return {
        "path": path,
        "text": text,
        "base64": is_base64,
        "labels": labels,
        "password": password,
        "python": load_with_python(data, labels, password),
    }


def main():
    warnings.simplefilter("ignore")  # many files have weak keys and ciphers
    root = pathlib.Path(cryptography_vectors.__file__).parent
    taken = {}
    samples = []
    for file in sorted(root.rglob("*")):
        if file.suffix not in (".pem", ".key") or not file.is_file():
            continue
        path = file.relative_to(root).as_posix()
        data = file.read_bytes()
        if not BEGIN.search(data):
            continue
        if b"PRIVATE KEY-----" not in data:
            if not path.startswith(("asymmetric/", "x509/")):
                continue
            if len(data) > MAX_BYTES:
                continue
            folder = path.rpartition("/")[0]
            taken[folder] = taken.get(folder, 0) + 1
            if taken[folder] > PER_FOLDER:
                continue
        samples.append(sample(path, data))

    missing = sorted(PASSWORDS.keys() - {s["path"] for s in samples})
    if missing:
        raise SystemExit(f"key_vectors.py: not in cryptography-vectors: {', '.join(missing)}")
    json.dump(samples, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
