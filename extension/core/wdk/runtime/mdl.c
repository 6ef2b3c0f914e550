/*
 * Memory descriptor lists: kmcl-facts 8.4 row MDL, 8.6 rows 56 to 63. Virtual and physical addresses are the same here:
 * a page frame number is the address / 4096.
 */
#include "kernel.h"

#define MDL_TAG 'ldM '

static void *address_of(const MDL *mdl)
{
    return (char *)mdl->StartVa + mdl->ByteOffset;
}

static ULONG pages_of(const MDL *mdl)
{
    return (ULONG)ADDRESS_AND_SIZE_TO_SPAN_PAGES(address_of(mdl), mdl->ByteCount);
}

/* The library's own MDLs (external data, GPADLs) are its to unlock and free. */
static int is_librarys(PMDL mdl)
{
    const struct vsp_block *block = vsp_block_find(mdl);
    if (block == NULL || block->state != VSP_BLOCK_LIVE || (block->flags & VSP_BLOCK_POOL)) {
        return 0;
    }
    vsp_breach(VSP_RULE_IN_MDL_NOT_OWNED, (uint64_t)mdl, 0);
    return 1;
}

/* The count of explicit mappings of an MDL of the library's; NULL for another. */
static uint8_t *mappings_of(PMDL mdl)
{
    struct vsp_block *block = vsp_block_find(mdl);
    return block == NULL || block->state != VSP_BLOCK_LIVE || (block->flags & VSP_BLOCK_POOL) ? NULL : &block->mappings;
}

static void fill_pages(PMDL mdl)
{
    PPFN_NUMBER pages = MmGetMdlPfnArray(mdl);
    const PFN_NUMBER first = (PFN_NUMBER)mdl->StartVa >> PAGE_SHIFT;
    const ULONG count = pages_of(mdl);
    vsp_check_write(pages, count * sizeof *pages);
    for (ULONG i = 0; i < count; i++) {
        pages[i] = first + i;
    }
}

SIZE_T MmSizeOfMdl(PVOID Base, SIZE_T Length)
{
    return sizeof(MDL) + sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES(Base, Length);
}

static PMDL allocate_mdl(PVOID address, ULONG length)
{
    PMDL mdl = vsp_pool_allocate(MmSizeOfMdl(address, length), MDL_TAG, 0, 1);
    if (mdl != NULL) {
        MmInitializeMdl(mdl, address, length);
    }
    return mdl;
}

PMDL IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN ChargeQuota, PIRP Irp)
{
    (void)ChargeQuota;
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    PMDL mdl = VSP_FAILS(IoAllocateMdl) ? NULL : allocate_mdl(VirtualAddress, Length);
    if (mdl != NULL && Irp != NULL) {
        vsp_check_write(Irp, sizeof *Irp);
        PMDL *link = &Irp->MdlAddress;
        while (SecondaryBuffer && *link != NULL) {
            link = &(*link)->Next;
        }
        *link = mdl;
    }
    return mdl;
}

VOID IoFreeMdl(PMDL Mdl)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    if (!is_librarys(Mdl)) {
        ExFreePool(Mdl);
    }
}

VOID IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    vsp_check_read(SourceMdl, sizeof *SourceMdl);
    vsp_check_write(TargetMdl, sizeof *TargetMdl);
    const uint64_t source = (uint64_t)address_of(SourceMdl);
    const uint64_t start = (uint64_t)VirtualAddress;
    const uint64_t length = Length != 0 ? Length : source + SourceMdl->ByteCount - start;
    if (start < source || start - source > SourceMdl->ByteCount || length > SourceMdl->ByteCount - (start - source)) {
        KeBugCheckEx(MEMORY_MANAGEMENT, (ULONG_PTR)SourceMdl, start, length, 0);
    }
    TargetMdl->StartVa = PAGE_ALIGN(VirtualAddress);
    TargetMdl->ByteOffset = BYTE_OFFSET(VirtualAddress);
    TargetMdl->ByteCount = (ULONG)length;
    TargetMdl->Process = SourceMdl->Process;
    const CSHORT mapped = SourceMdl->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA);
    TargetMdl->MdlFlags = (CSHORT)(MDL_PARTIAL | mapped);
    if (mapped) {
        TargetMdl->MappedSystemVa = (char *)SourceMdl->MappedSystemVa + (start - source);
    }
    fill_pages(TargetMdl);
}

VOID MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    vsp_check_write(MemoryDescriptorList, sizeof *MemoryDescriptorList);
    vsp_check_read(address_of(MemoryDescriptorList), MemoryDescriptorList->ByteCount);
    MemoryDescriptorList->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    MemoryDescriptorList->MappedSystemVa = address_of(MemoryDescriptorList);
    fill_pages(MemoryDescriptorList);
}

VOID MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation)
{
    (void)AccessMode;
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    vsp_check_write(MemoryDescriptorList, sizeof *MemoryDescriptorList);
    if (is_librarys(MemoryDescriptorList)) {
        return;
    }
    if (Operation == IoReadAccess) {
        vsp_check_read(address_of(MemoryDescriptorList), MemoryDescriptorList->ByteCount);
    } else {
        vsp_check_write(address_of(MemoryDescriptorList), MemoryDescriptorList->ByteCount);
    }
    const int written = Operation == IoReadAccess ? 0 : MDL_WRITE_OPERATION;
    MemoryDescriptorList->MdlFlags |= (CSHORT)(MDL_PAGES_LOCKED | written);
    fill_pages(MemoryDescriptorList);
}

VOID MmUnlockPages(PMDL MemoryDescriptorList)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    vsp_check_write(MemoryDescriptorList, sizeof *MemoryDescriptorList);
    if (is_librarys(MemoryDescriptorList)) {
        return;
    }
    if (!(MemoryDescriptorList->MdlFlags & MDL_PAGES_LOCKED)) {
        KeBugCheckEx(PFN_LIST_CORRUPT, 7, (ULONG_PTR)MemoryDescriptorList, 0, 0);
    }
    MemoryDescriptorList->MdlFlags &= (CSHORT)~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION | MDL_MAPPED_TO_SYSTEM_VA);
}

static PVOID map_locked(PMDL mdl, KPROCESSOR_MODE mode, ULONG bug_check, uint32_t fails, const char *function)
{
    vsp_require_irql(mode == KernelMode ? DISPATCH_LEVEL : APC_LEVEL, function);
    vsp_check_write(mdl, sizeof *mdl);
    if (fails || vsp_allocation_fails()) {
        if (bug_check) {
            KeBugCheckEx(0x3F, 0, (ULONG_PTR)mdl, 0, 0); /* NO_MORE_SYSTEM_PTES */
        }
        return NULL;
    }
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    mdl->MappedSystemVa = address_of(mdl);
    return mdl->MappedSystemVa;
}

/* For MmGetSystemAddressForMdlSafe: such a mapping ends with the MDL. */
PVOID VspMapMdl_(PMDL MemoryDescriptorList)
{
    const uint32_t fails = VSP_FAILS(MmMapLockedPagesSpecifyCache);
    return map_locked(MemoryDescriptorList, KernelMode, FALSE, fails, "MmGetSystemAddressForMdlSafe");
}

/* An explicit mapping (in-mdl-unmap-first). */
static PVOID count_mapping(PMDL mdl, PVOID address)
{
    uint8_t *mappings = mappings_of(mdl);
    if (address != NULL && mappings != NULL) {
        (*mappings)++;
    }
    return address;
}

PVOID MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode, MEMORY_CACHING_TYPE CacheType,
                                   PVOID RequestedAddress, ULONG BugCheckOnFailure, ULONG Priority)
{
    (void)CacheType;
    (void)RequestedAddress;
    (void)Priority;
    const uint32_t fails = VSP_FAILS(MmMapLockedPagesSpecifyCache);
    return count_mapping(MemoryDescriptorList,
                         map_locked(MemoryDescriptorList, AccessMode, BugCheckOnFailure, fails, __func__));
}

PVOID MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode)
{
    return count_mapping(MemoryDescriptorList, map_locked(MemoryDescriptorList, AccessMode, TRUE, 0, __func__));
}

VOID MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    vsp_check_write(MemoryDescriptorList, sizeof *MemoryDescriptorList);
    if (!(MemoryDescriptorList->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) ||
        BaseAddress != MemoryDescriptorList->MappedSystemVa) {
        KeBugCheckEx(MEMORY_MANAGEMENT, (ULONG_PTR)MemoryDescriptorList, (ULONG_PTR)BaseAddress, 0, 0);
    }
    MemoryDescriptorList->MdlFlags &= (CSHORT)~MDL_MAPPED_TO_SYSTEM_VA;
    uint8_t *mappings = mappings_of(MemoryDescriptorList);
    if (mappings != NULL && *mappings != 0) {
        (*mappings)--;
    }
}

/* ---- Pages without a pool tag of the driver's ---- */

#define PAGES_TAG 'gPmM'

static PVOID allocate_pages(SIZE_T size, int zero)
{
    return vsp_pool_allocate(ROUND_TO_PAGES(size), PAGES_TAG, VSP_BLOCK_ALIGNED, zero);
}

PMDL MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress, PHYSICAL_ADDRESS SkipBytes,
                             SIZE_T TotalBytes, MEMORY_CACHING_TYPE CacheType, ULONG Flags)
{
    (void)LowAddress;
    (void)HighAddress;
    (void)SkipBytes;
    (void)CacheType;
    vsp_require_irql(APC_LEVEL, __func__);
    const uint32_t fails = VSP_FAILS(MmAllocatePagesForMdlEx);
    PVOID pages = fails ? NULL : allocate_pages(TotalBytes, !(Flags & MM_DONT_ZERO_ALLOCATION));
    if (pages == NULL) {
        return NULL;
    }
    PMDL mdl = allocate_mdl(pages, (ULONG)ROUND_TO_PAGES(TotalBytes));
    if (mdl == NULL) {
        ExFreePool(pages);
        return NULL;
    }
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    fill_pages(mdl);
    return mdl;
}

/* Frees the pages; the MDL itself is the caller's to free. */
VOID MmFreePagesFromMdl(PMDL MemoryDescriptorList)
{
    vsp_require_irql(APC_LEVEL, __func__);
    vsp_check_write(MemoryDescriptorList, sizeof *MemoryDescriptorList);
    ExFreePool(MemoryDescriptorList->StartVa);
    MemoryDescriptorList->MdlFlags &= (CSHORT)~MDL_PAGES_LOCKED;
}

PVOID MmAllocateContiguousMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS HighestAcceptableAddress)
{
    (void)HighestAcceptableAddress;
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    return VSP_FAILS(MmAllocateContiguousMemory) ? NULL : allocate_pages(NumberOfBytes, 0);
}

VOID MmFreeContiguousMemory(PVOID BaseAddress)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    ExFreePool(BaseAddress);
}

PHYSICAL_ADDRESS MmGetPhysicalAddress(PVOID BaseAddress)
{
    PHYSICAL_ADDRESS address;
    address.QuadPart = (LONGLONG)BaseAddress;
    return address;
}

PVOID MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE CacheType)
{
    (void)NumberOfBytes;
    (void)CacheType;
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    return VSP_FAILS(MmMapIoSpace) ? NULL : (PVOID)PhysicalAddress.QuadPart;
}

VOID MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    (void)BaseAddress;
    (void)NumberOfBytes;
    vsp_require_irql(DISPATCH_LEVEL, __func__);
}

BOOLEAN MmIsAddressValid(PVOID VirtualAddress)
{
    const uint64_t address = (uint64_t)VirtualAddress;
    const uint8_t shadow = vsp_shadow_at(address);
    const int open = shadow < 8 || (shadow & 0xF0) == VSP_SHADOW_PAGED;
    return open && address >= VSP_NULL_ZONE && address < vsp_memory_end();
}

/* Sections are never paged out. */
PVOID MmLockPagableDataSection(PVOID AddressWithinSection)
{
    vsp_require_irql(APC_LEVEL, __func__);
    return AddressWithinSection;
}

VOID MmUnlockPagableImageSection(PVOID ImageSectionHandle)
{
    (void)ImageSectionHandle;
    vsp_require_irql(APC_LEVEL, __func__);
}

PVOID MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    vsp_check_read(SystemRoutineName, sizeof *SystemRoutineName);
    return NULL;
}

static void probe(uint64_t address, SIZE_T length, ULONG alignment)
{
    if (length != 0 && alignment != 0 && (address & (alignment - 1)) != 0) {
        vsp_raise(STATUS_DATATYPE_MISALIGNMENT);
    }
}

VOID ProbeForRead(const volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    vsp_require_irql(APC_LEVEL, __func__);
    probe((uint64_t)Address, Length, Alignment);
    vsp_check_read((const void *)(uint64_t)Address, Length);
}

VOID ProbeForWrite(volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    vsp_require_irql(APC_LEVEL, __func__);
    probe((uint64_t)Address, Length, Alignment);
    vsp_check_write((const void *)(uint64_t)Address, Length);
}
