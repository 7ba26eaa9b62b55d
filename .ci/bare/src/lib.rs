//! Links `countersign` where there is no standard library: what is missing here is missing there.
#![no_std]

use core::alloc::{GlobalAlloc, Layout};

struct NoHeap;

// SAFETY: it never hands out memory.
unsafe impl GlobalAlloc for NoHeap {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static HEAP: NoHeap = NoHeap;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Keeps the crate linked in.
#[unsafe(no_mangle)]
pub extern "C" fn countersign_frame_type(bytes: *const u8, length: usize) -> u64 {
    if bytes.is_null() {
        return 0;
    }
    // SAFETY: the caller passes `length` readable bytes.
    let bytes = unsafe { core::slice::from_raw_parts(bytes, length) };
    countersign::cbor::peek_type(bytes).unwrap_or(0)
}
