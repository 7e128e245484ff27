/// Returns 40 secrets that people paste where a path, a variable or another name belongs. The key is that of RFC 7515, appendix A.2.
#[must_use]
pub fn pasted_secrets() -> [&'static str; 40] {
    [
        // Lines of a PEM file: the first two, 3, 5, others, the last, and PKCS#1.
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh+BYK4uPJtGXO",
        "jS1lYmM2K5J9vinh8CR3/BYlzJChNuOL2TSXxbbqY913EeZ8dCn5VrD7io8ImtxL",
        "aYk8wTM/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNn",
        "ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGUkf",
        "0AHQfD8/Lk8l1Mk09jxxCfui5nYooNyac8YFjm3vItzVCVDnEd3BbVWG8qf6deqE",
        "03k2+ZQwVK0JKSHuLFkuQ3U=",
        "l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL+yRT+SFd2lZS+pC",
        // Lines that begin like a path.
        "/BYlzJChNuOL2TSXxbbqY913EeZ8dCn5VrD7io8ImtxL",
        "/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNn",
        "/Lk8l1Mk09jxxCfui5nYooNyac8YFjm3v",
        "/ZQwVK0JKSHuLFkuQ3U=",
        "./jS1lYmM2K5J9vinh8CR3",
        // PEM text: whole, in one line, with escaped line breaks, and only its start.
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY----- MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj -----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\\n",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----",
        // PEM in base64: a line, its start, and in URL-safe form.
        "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUV2UUlCQURBTkJna3Foa2lHOXcwQkFRRUZB",
        "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t",
        "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUV2UUlCQURB_TkJna3Foa2lH-OXcwQkFR",
        // Tokens.
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJTUEdxUEljVm5zT0VKUSIsInN1YiI6ImFAYiJ9.cC4hiUPoj9Eetdgtv3hF80EGrhuB",
        "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhQGIifQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB",
        "Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.e30.cC4hiUPoj9Eetdgt",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt",
        "hvs.CAESIJcvn4hiUPoj9Eetdgtv3hF80EGrhuB",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "xoxb-2514-9218-q8yTQffHs0bN1lw2AKk3Xz",
        // JWKs.
        r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0t","e":"AQAB","d":"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulw"}"#,
        r#""d": "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7Y","#,
        "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7Y",
        // Passphrases and PINs.
        "hunter2-correct-horse",
        "correct horse battery staple",
        "Tr0ub4dor&3",
        "p4ss/w0rd/2026",
        "$ecret_Passphrase!",
        "hunter2.correct",
        "48151623",
        // Letters and digits.
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmn",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMN",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AKIAIOSFODNN7EXAMPLE",
    ]
}
