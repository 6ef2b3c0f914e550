/* Memory of the guest that the host maps (kmcl-facts 7.5), by hand. */
#include "../Corpus.h"

typedef struct _MAPPING {
    UINT32 Handle;
    PMDL Mdl;
    PUINT8 Address;
} MAPPING;

static MAPPING Shared;

static NTSTATUS MapShared(VMBCHANNEL Channel)
{
    NTSTATUS Status = VmbChannelMapGpadl(Channel, 0, Shared.Handle, &Shared.Mdl); // finds: gpadl-single-map in MapsPerRequest, gpadl-window in MapsBeforeTheGuestOpens
    if (NT_SUCCESS(Status)) {
        Shared.Address = (PUINT8)MmGetSystemAddressForMdlSafe(Shared.Mdl, NormalPagePriority);
    }
    return Status;
}

static VOID UnmapShared(VMBCHANNEL Channel)
{
    VmbChannelUnmapGpadl(Channel, Shared.Handle); // finds: gpadl-pair in UnmapsOnBothPaths
    MENDED(Shared.Address = NULL;)
}

VSPLAB_TEST(UnmapsOnBothPaths)
{
    VMBCHANNEL Channel = Open();
    Shared.Handle = VspLabGuestCreateGpadl(Channel, 1, FALSE);
    VSPLAB_ASSERT_SUCCESS(MapShared(Channel));
    if (Shared.Address != NULL) {
        UnmapShared(Channel);
    }
    if (Shared.Address != NULL) {
        UnmapShared(Channel);
    }
    Close(Channel);
}

VSPLAB_TEST(MapsPerRequest)
{
    VMBCHANNEL Channel = Open();
    UINT32 Request;
    Shared.Handle = VspLabGuestCreateGpadl(Channel, 1, FALSE);
    for (Request = 0; Request < 2; Request++) {
        (VOID)MapShared(Channel);
        MENDED(UnmapShared(Channel);)
    }
    BROKEN(VmbChannelUnmapGpadl(Channel, Shared.Handle);)
    Close(Channel);
}

VSPLAB_TEST(MapsBeforeTheGuestOpens)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Enabled(&Options);
    Shared.Handle = VspLabGuestCreateGpadl(Channel, 1, FALSE);
    MENDED(VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));)
    if (NT_SUCCESS(MapShared(Channel))) {
        UnmapShared(Channel);
    }
    Close(Channel);
}

static VOID Report(UINT32 Value)
{
    if (Shared.Address != NULL) {
        Shared.Address[4] = (UINT8)Value; // finds: gpadl-unmap-quiet in ReportsAfterUnmap
    }
}

VSPLAB_TEST(ReportsAfterUnmap)
{
    VMBCHANNEL Channel = Open();
    Shared.Handle = VspLabGuestCreateGpadl(Channel, 1, FALSE);
    VSPLAB_ASSERT_SUCCESS(MapShared(Channel));
    Report(1);
    UnmapShared(Channel);
    Report(2);
    Close(Channel);
}
