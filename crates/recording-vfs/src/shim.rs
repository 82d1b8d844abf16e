//! What SQLite calls. Each function does what the system's own file system does, and notes it.
//!
//! A file of ours is a [`File`] with the system's file behind it in the same piece of memory, which SQLite allocates with the
//! size that we name.

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    mem::size_of,
    path::PathBuf,
    ptr, slice,
};

use rusqlite::ffi;

use crate::{Event, recorder};

const NAME: &CStr = c"recording";

/// What SQLite sees of an open file.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    /// The path of a recorded file, boxed; null for one that is passed through.
    path: *mut PathBuf,
    /// Of how many failed syncs of the file this one has heard.
    heard: u64,
    /// The system's file: right behind this.
    real: *mut ffi::sqlite3_file,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // 2: with shared memory, without memory-mapped reading, which nobody could note.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Makes this the default file system.
pub(crate) fn register() {
    // SAFETY: SQLite may be initialised at any time and any number of times; the default VFS it then gives lives as long as the
    // process. What is registered is leaked, and so lives as long.
    unsafe {
        assert_eq!(ffi::sqlite3_initialize(), ffi::SQLITE_OK, "SQLite starts");
        let real = ffi::sqlite3_vfs_find(ptr::null());
        assert!(!real.is_null(), "SQLite has a file system");
        let ours = ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: (*real).szOsFile + c_int::try_from(size_of::<File>()).expect("a few words"),
            zName: NAME.as_ptr(),
            pAppData: real.cast(),
            pNext: ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(get_last_error),
            xCurrentTimeInt64: Some(current_time_int64),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
            ..*real
        };
        let code = ffi::sqlite3_vfs_register(Box::into_raw(Box::new(ours)), 1);
        assert_eq!(code, ffi::SQLITE_OK, "SQLite takes the recording file system");
    }
}

/// The system's VFS behind ours.
///
/// # Safety
/// `vfs` is the one that [`register`] made.
unsafe fn real_vfs(vfs: *mut ffi::sqlite3_vfs) -> *mut ffi::sqlite3_vfs {
    // SAFETY: as promised by the caller.
    unsafe { (*vfs).pAppData.cast() }
}

/// The bytes of a name, without its end.
///
/// # Safety
/// `name` is null or a C string that lives during the call.
unsafe fn name_bytes<'a>(name: *const c_char) -> &'a [u8] {
    if name.is_null() {
        return &[];
    }
    // SAFETY: as promised by the caller.
    unsafe { CStr::from_ptr(name) }.to_bytes()
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives memory of `szOsFile` bytes, aligned for pointers: room for a `File` and the system's file behind it.
    unsafe {
        let real_vfs = real_vfs(vfs);
        let ours = file.cast::<File>();
        let real = ours.add(1).cast::<ffi::sqlite3_file>();
        (*real).pMethods = ptr::null();
        (*ours).base.pMethods = ptr::null();
        let Some(open) = (*real_vfs).xOpen else { return ffi::SQLITE_CANTOPEN };
        let code = open(real_vfs, name, real, flags, out_flags);
        if code != ffi::SQLITE_OK {
            if let Some(close) = (*real).pMethods.as_ref().and_then(|methods| methods.xClose) {
                close(real);
            }
            return code;
        }
        let is_kept = flags & (ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL) != 0;
        let path = if is_kept { recorder().watches(name_bytes(name)) } else { None };
        let heard = path.as_deref().map(|path| recorder().failures(path)).unwrap_or_default();
        let path = path.map_or(ptr::null_mut(), |path| Box::into_raw(Box::new(path)));
        ours.write(File { base: ffi::sqlite3_file { pMethods: &raw const METHODS }, path, heard, real });
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync_dir: c_int) -> c_int {
    // SAFETY: `vfs` is ours, `name` is SQLite's for the time of the call.
    unsafe {
        let path = recorder().watches(name_bytes(name));
        let real_vfs = real_vfs(vfs);
        let Some(delete) = (*real_vfs).xDelete else { return ffi::SQLITE_ERROR };
        let code = delete(real_vfs, name, sync_dir);
        if let (ffi::SQLITE_OK, Some(path)) = (code, path) {
            recorder().record(&path.clone(), Event::Delete { path, is_synced: sync_dir != 0 });
        }
        code
    }
}

/// Defines functions of the VFS that are handed on as they are.
macro_rules! hand_on_vfs {
    ($($name:ident, $method:ident($($arg:ident: $kind:ty),*) -> $code:ty, $otherwise:expr;)+) => {$(
        unsafe extern "C" fn $name(vfs: *mut ffi::sqlite3_vfs, $($arg: $kind),*) -> $code {
            // SAFETY: `vfs` is ours, and what SQLite gives is what the system's VFS expects.
            unsafe {
                let real = real_vfs(vfs);
                match (*real).$method {
                    Some(method) => method(real, $($arg),*),
                    None => $otherwise,
                }
            }
        }
    )+};
}

hand_on_vfs! {
    access, xAccess(name: *const c_char, flags: c_int, result: *mut c_int) -> c_int, ffi::SQLITE_ERROR;
    full_pathname, xFullPathname(name: *const c_char, length: c_int, out: *mut c_char) -> c_int, ffi::SQLITE_ERROR;
    randomness, xRandomness(length: c_int, out: *mut c_char) -> c_int, 0;
    sleep, xSleep(microseconds: c_int) -> c_int, 0;
    current_time, xCurrentTime(out: *mut f64) -> c_int, ffi::SQLITE_ERROR;
    get_last_error, xGetLastError(length: c_int, out: *mut c_char) -> c_int, 0;
    current_time_int64, xCurrentTimeInt64(out: *mut ffi::sqlite3_int64) -> c_int, ffi::SQLITE_ERROR;
}

/// Calls a method of the system's file.
macro_rules! real {
    ($file:expr, $method:ident($($arg:expr),*), $otherwise:expr) => {{
        let real = (*$file.cast::<File>()).real;
        match (*real).pMethods.as_ref().and_then(|methods| methods.$method) {
            Some(method) => method(real, $($arg),*),
            None => $otherwise,
        }
    }};
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: `file` was opened by `open`, and SQLite closes it once.
    unsafe {
        let ours = file.cast::<File>();
        if !(*ours).path.is_null() {
            drop(Box::from_raw((*ours).path));
            (*ours).path = ptr::null_mut();
        }
        real!(file, xClose(), ffi::SQLITE_OK)
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    data: *const c_void,
    length: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: `file` was opened by `open`; `data` has `length` bytes.
    unsafe {
        let code = real!(file, xWrite(data, length, offset), ffi::SQLITE_IOERR_WRITE);
        if let (ffi::SQLITE_OK, Some(path)) = (code, (*file.cast::<File>()).path.as_ref()) {
            let bytes = slice::from_raw_parts(data.cast::<u8>(), usize::try_from(length).unwrap_or(0)).to_vec();
            let offset = u64::try_from(offset).unwrap_or(0);
            recorder().record(path, Event::Write { path: path.clone(), offset, bytes });
        }
        code
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    // SAFETY: `file` was opened by `open`.
    unsafe {
        let code = real!(file, xTruncate(size), ffi::SQLITE_IOERR_TRUNCATE);
        if let (ffi::SQLITE_OK, Some(path)) = (code, (*file.cast::<File>()).path.as_ref()) {
            let size = u64::try_from(size).unwrap_or(0);
            recorder().record(path, Event::Truncate { path: path.clone(), size });
        }
        code
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: `file` was opened by `open`.
    unsafe {
        let ours = file.cast::<File>();
        match (*ours).path.as_ref() {
            Some(path) if recorder().sync(path, &mut (*ours).heard) => ffi::SQLITE_OK,
            Some(_) => ffi::SQLITE_IOERR_FSYNC,
            None => real!(file, xSync(flags), ffi::SQLITE_IOERR_FSYNC),
        }
    }
}

/// Defines methods of files that are handed on as they are.
macro_rules! hand_on_file {
    ($($name:ident, $method:ident($($arg:ident: $kind:ty),*) -> $code:ty, $otherwise:expr;)+) => {$(
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file, $($arg: $kind),*) -> $code {
            // SAFETY: `file` was opened by `open`, and what SQLite gives is what the system's file expects.
            unsafe { real!(file, $method($($arg),*), $otherwise) }
        }
    )+};
}

hand_on_file! {
    read, xRead(out: *mut c_void, length: c_int, offset: ffi::sqlite3_int64) -> c_int, ffi::SQLITE_IOERR_READ;
    file_size, xFileSize(out: *mut ffi::sqlite3_int64) -> c_int, ffi::SQLITE_IOERR_FSTAT;
    lock, xLock(level: c_int) -> c_int, ffi::SQLITE_IOERR_LOCK;
    unlock, xUnlock(level: c_int) -> c_int, ffi::SQLITE_IOERR_UNLOCK;
    check_reserved_lock, xCheckReservedLock(out: *mut c_int) -> c_int, ffi::SQLITE_IOERR_CHECKRESERVEDLOCK;
    file_control, xFileControl(operation: c_int, argument: *mut c_void) -> c_int, ffi::SQLITE_NOTFOUND;
    sector_size, xSectorSize() -> c_int, 4096;
    device_characteristics, xDeviceCharacteristics() -> c_int, 0;
    shm_map, xShmMap(region: c_int, size: c_int, extend: c_int, out: *mut *mut c_void) -> c_int, ffi::SQLITE_IOERR_SHMMAP;
    shm_lock, xShmLock(offset: c_int, count: c_int, flags: c_int) -> c_int, ffi::SQLITE_IOERR_SHMLOCK;
    shm_barrier, xShmBarrier() -> (), ();
    shm_unmap, xShmUnmap(delete: c_int) -> c_int, ffi::SQLITE_OK;
}
