//! A PKCS#11 module with a token in slot 0, whose private keys fail according to their labels:
//!
//! | label | behaviour |
//! | --- | --- |
//! | `good` | signs |
//! | `hangs` | every signature hangs |
//! | `slow-once` | the first signature after the check of the public key takes 4 s |
//! | `crashes` | every fifth signature fails and its session is dead from then on |
//! | `wrong` | signs another message from the second signature on |
//! | `short` | returns half a signature from the second on |
//! | `closes-slowly` | a session that has signed with it takes 300 ms to close |
//! | `unreadable` | the first signature after the check of the public key fails and kills its session; reads of its attributes fail from then on |
//! | `random` | every 30 s: reports a removed device for 3 s, fails at random for 12 s, signs for 15 s |
//!
//! All keys are one RSA key. The module offers `CKM_SHA256_RSA_PKCS` alone. `C_GetTokenInfo` fails for slot 1. Slot 2 has an uninitialized
//! token, `empty`, for which `C_GetMechanismInfo` fails.
#![expect(
    clippy::not_unsafe_ptr_arg_deref,
    reason = "the functions are safe to write and called through C pointers, which the standard requires to be valid"
)]

use std::{
    collections::BTreeMap,
    ffi::c_void,
    ptr, slice,
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    rand::{self, SystemRandom},
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
#[allow(
    clippy::wildcard_imports,
    reason = "the names of the standard have a prefix; the lint ignores test builds"
)]
use cryptoki_sys::*;

const LABELS: [&str; 9] =
    ["good", "hangs", "slow-once", "crashes", "wrong", "short", "closes-slowly", "random", "unreadable"];

static KEY: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::from_pkcs8(include_bytes!("key.der")).unwrap());
static START: LazyLock<Instant> = LazyLock::new(Instant::now);
static SESSIONS: Mutex<BTreeMap<CK_SESSION_HANDLE, Session>> = Mutex::new(BTreeMap::new());
static LAST_SESSION: AtomicUsize = AtomicUsize::new(0);
static SIGNATURES: AtomicUsize = AtomicUsize::new(0);

#[derive(Default)]
struct Session {
    is_dead: bool,
    found: Vec<CK_OBJECT_HANDLE>,
    key: CK_OBJECT_HANDLE,
}

/// Returns the modulus of the key. The exponent is 65537.
#[must_use]
pub fn modulus() -> &'static [u8] {
    // After the DER header of an RSAPublicKey of 2048 bits.
    &KEY.public_key().as_ref()[9..265]
}

/// Runs this with a session that is alive.
fn with_session(handle: CK_SESSION_HANDLE, work: impl FnOnce(&mut Session) -> CK_RV) -> CK_RV {
    match SESSIONS.lock().unwrap().get_mut(&handle) {
        Some(session) if !session.is_dead => work(session),
        _ => CKR_SESSION_HANDLE_INVALID,
    }
}

extern "C" fn initialize(_: *mut c_void) -> CK_RV {
    LazyLock::force(&KEY);
    LazyLock::force(&START);
    CKR_OK
}

extern "C" fn get_slot_list(_: CK_BBOOL, slots: CK_SLOT_ID_PTR, count: CK_ULONG_PTR) -> CK_RV {
    // SAFETY: the caller passes a valid count, and room for as many slots as an earlier call returned.
    unsafe {
        if !slots.is_null() {
            ptr::copy_nonoverlapping([0, 1, 2].as_ptr(), slots, 3);
        }
        *count = 3;
    }
    CKR_OK
}

extern "C" fn get_token_info(slot: CK_SLOT_ID, info: CK_TOKEN_INFO_PTR) -> CK_RV {
    if slot == 1 {
        return CKR_DEVICE_ERROR;
    }
    // SAFETY: the caller passes a valid structure.
    let info = unsafe { &mut *info };
    *info = CK_TOKEN_INFO {
        label: [b' '; 32],
        manufacturerID: [b' '; 32],
        model: [b' '; 16],
        serialNumber: [b' '; 16],
        utcTime: [b'0'; 16],
        // A search without a token name skips uninitialized tokens.
        flags: if slot == 0 { CKF_TOKEN_INITIALIZED } else { 0 },
        ..Default::default()
    };
    let label = if slot == 0 { "faulty" } else { "empty" };
    info.label[..label.len()].copy_from_slice(label.as_bytes());
    CKR_OK
}

extern "C" fn get_mechanism_info(slot: CK_SLOT_ID, kind: CK_MECHANISM_TYPE, info: CK_MECHANISM_INFO_PTR) -> CK_RV {
    if slot == 2 {
        return CKR_DEVICE_ERROR;
    }
    if kind != CKM_SHA256_RSA_PKCS {
        return CKR_MECHANISM_INVALID;
    }
    // SAFETY: the caller passes a valid structure.
    unsafe { *info = CK_MECHANISM_INFO { ulMinKeySize: 2048, ulMaxKeySize: 2048, flags: CKF_SIGN } };
    CKR_OK
}

extern "C" fn open_session(
    _: CK_SLOT_ID,
    _: CK_FLAGS,
    _: *mut c_void,
    _: CK_NOTIFY,
    session: CK_SESSION_HANDLE_PTR,
) -> CK_RV {
    let handle = LAST_SESSION.fetch_add(1, Ordering::Relaxed) as CK_SESSION_HANDLE + 1;
    SESSIONS.lock().unwrap().insert(handle, Session::default());
    // SAFETY: the caller passes a valid handle.
    unsafe { *session = handle };
    CKR_OK
}

extern "C" fn close_session(session: CK_SESSION_HANDLE) -> CK_RV {
    let session = SESSIONS.lock().unwrap().remove(&session).unwrap_or_default();
    if session.key > 0 && LABELS[usize::try_from(session.key).unwrap() - 1] == "closes-slowly" {
        thread::sleep(Duration::from_millis(300));
    }
    CKR_OK
}

extern "C" fn find_objects_init(session: CK_SESSION_HANDLE, template: CK_ATTRIBUTE_PTR, count: CK_ULONG) -> CK_RV {
    // SAFETY: the caller passes a valid template.
    let template = unsafe { slice::from_raw_parts(template, usize::try_from(count).unwrap()) };
    // SAFETY: as above.
    let value = |attribute: &CK_ATTRIBUTE| unsafe {
        slice::from_raw_parts(attribute.pValue.cast::<u8>(), usize::try_from(attribute.ulValueLen).unwrap())
    };
    let named = |kind| template.iter().find(|attribute| attribute.type_ == kind).map(value);
    let matches = |label: &str, id: u8| {
        named(CKA_LABEL).is_none_or(|wanted| wanted == label.as_bytes())
            && named(CKA_ID).is_none_or(|wanted| wanted == [id])
    };
    let handles = (1..).zip(LABELS).filter(|&(id, label)| matches(label, id)).map(|(id, _)| id.into()).collect();
    with_session(session, |session| {
        session.found = handles;
        CKR_OK
    })
}

extern "C" fn find_objects(
    session: CK_SESSION_HANDLE,
    objects: CK_OBJECT_HANDLE_PTR,
    room: CK_ULONG,
    count: CK_ULONG_PTR,
) -> CK_RV {
    with_session(session, |session| {
        let length = session.found.len().min(usize::try_from(room).unwrap());
        for (place, handle) in session.found.drain(..length).enumerate() {
            // SAFETY: the caller passes so much room.
            unsafe { *objects.add(place) = handle };
        }
        // SAFETY: the caller passes a valid count.
        unsafe { *count = length as CK_ULONG };
        CKR_OK
    })
}

extern "C" fn find_objects_final(session: CK_SESSION_HANDLE) -> CK_RV {
    with_session(session, |_| CKR_OK)
}

extern "C" fn get_attribute_value(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
) -> CK_RV {
    let label = LABELS[usize::try_from(object).unwrap() - 1];
    if label == "unreadable" && SIGNATURES.load(Ordering::SeqCst) > 1 {
        return CKR_HOST_MEMORY;
    }
    let bytes = |kind| -> Option<Vec<u8>> {
        Some(match kind {
            CKA_ID => vec![u8::try_from(object).unwrap()],
            CKA_LABEL => label.into(),
            CKA_MODULUS => modulus().into(),
            CKA_PUBLIC_EXPONENT => vec![1, 0, 1],
            _ => return None,
        })
    };
    with_session(session, |_| {
        let mut result = CKR_OK;
        for place in 0..usize::try_from(count).unwrap() {
            // SAFETY: the caller passes a valid template.
            let attribute = unsafe { &mut *template.add(place) };
            match bytes(attribute.type_) {
                None => {
                    attribute.ulValueLen = CK_UNAVAILABLE_INFORMATION;
                    result = CKR_ATTRIBUTE_TYPE_INVALID;
                }
                Some(bytes) => {
                    attribute.ulValueLen = bytes.len() as CK_ULONG;
                    if !attribute.pValue.is_null() {
                        // SAFETY: the caller passes room of the length that the first call returned.
                        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), attribute.pValue.cast(), bytes.len()) };
                    }
                }
            }
        }
        result
    })
}

extern "C" fn sign_init(session: CK_SESSION_HANDLE, _: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE) -> CK_RV {
    with_session(session, |session| {
        session.key = key;
        CKR_OK
    })
}

extern "C" fn sign(
    session: CK_SESSION_HANDLE,
    data: CK_BYTE_PTR,
    length: CK_ULONG,
    signature: CK_BYTE_PTR,
    signature_length: CK_ULONG_PTR,
) -> CK_RV {
    let mut key = 0;
    let result = with_session(session, |session| {
        key = session.key;
        CKR_OK
    });
    if result != CKR_OK {
        return result;
    }
    // SAFETY: the caller passes a valid length.
    unsafe { *signature_length = 256 };
    if signature.is_null() {
        return CKR_OK;
    }
    // SAFETY: the caller passes valid data.
    let mut data = unsafe { slice::from_raw_parts(data, usize::try_from(length).unwrap()) }.to_vec();
    let number = SIGNATURES.fetch_add(1, Ordering::SeqCst);
    match LABELS[usize::try_from(key).unwrap() - 1] {
        "hangs" => hang(),
        "slow-once" if number == 1 => thread::sleep(Duration::from_secs(4)),
        "crashes" if number % 5 == 4 => return kill(session, CKR_DEVICE_ERROR),
        "unreadable" if number == 1 => return kill(session, CKR_DEVICE_ERROR),
        "wrong" if number > 0 => data.push(0),
        // SAFETY: the caller passes a valid length.
        "short" if number > 0 => unsafe { *signature_length = 128 },
        "random" => match (START.elapsed().as_secs() % 30, random_byte()) {
            (0..3, _) => return kill(session, CKR_DEVICE_REMOVED),
            (3..15, 0..16) => return kill(session, CKR_DEVICE_ERROR),
            (3..15, 16..32) => return CKR_FUNCTION_FAILED,
            (3..15, 32..48) => data.push(0),
            // SAFETY: the caller passes a valid length.
            (3..15, 48..64) => unsafe { *signature_length = 128 },
            // Up to 8 seconds.
            (3..15, 64..72) => thread::sleep(Duration::from_millis(u64::from(random_byte()) * 32)),
            _ => {}
        },
        _ => {}
    }
    let mut bytes = [0; 256];
    KEY.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &data, &mut bytes).unwrap();
    // SAFETY: the caller passes so much room.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), signature, usize::try_from(*signature_length).unwrap()) };
    CKR_OK
}

/// Fails all further calls of the session.
fn kill(session: CK_SESSION_HANDLE, result: CK_RV) -> CK_RV {
    with_session(session, |session| {
        session.is_dead = true;
        result
    })
}

fn random_byte() -> u8 {
    let mut byte = [0];
    rand::fill(&mut byte).unwrap();
    byte[0]
}

fn hang() -> ! {
    loop {
        thread::park();
    }
}

/// Returns the functions of the module (PKCS #11 3.1, section 5.4).
#[unsafe(no_mangle)]
pub extern "C" fn C_GetFunctionList(list: CK_FUNCTION_LIST_PTR_PTR) -> CK_RV {
    let functions = CK_FUNCTION_LIST {
        version: CK_VERSION { major: 2, minor: 40 },
        C_Initialize: Some(initialize),
        C_GetSlotList: Some(get_slot_list),
        C_GetTokenInfo: Some(get_token_info),
        C_GetMechanismInfo: Some(get_mechanism_info),
        C_OpenSession: Some(open_session),
        C_CloseSession: Some(close_session),
        C_FindObjectsInit: Some(find_objects_init),
        C_FindObjects: Some(find_objects),
        C_FindObjectsFinal: Some(find_objects_final),
        C_GetAttributeValue: Some(get_attribute_value),
        C_SignInit: Some(sign_init),
        C_Sign: Some(sign),
        ..Default::default()
    };
    // SAFETY: the caller passes a valid pointer.
    unsafe { *list = Box::leak(Box::new(functions)) };
    CKR_OK
}
