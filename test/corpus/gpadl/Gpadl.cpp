// Memory of the guest that the host maps (kmcl-facts 7.5).
#include "../Corpus.h"

namespace {

class Mapping {
public:
    Mapping(VMBCHANNEL channel, UINT32 handle) : Channel(channel), Handle(handle) {}
    NTSTATUS Map(UINT32 flags = 0)
    {
        return VmbChannelMapGpadl(Channel, flags, Handle, &Mdl); // finds: gpadl-single-map in MapsTwice, gpadl-window in MapsWhileClosed
    }
    PUINT8 Address() const
    {
        return static_cast<PUINT8>(MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority));
    }
    void Unmap()
    {
        VmbChannelUnmapGpadl(Channel, Handle); // finds: gpadl-pair in UnmapsTwice
    }

private:
    VMBCHANNEL Channel;
    UINT32 Handle;
    PMDL Mdl = nullptr;
};

} // namespace

VSPLAB_TEST(UnmapsTwice)
{
    VMBCHANNEL channel = Open();
    Mapping mapping(channel, VspLabGuestCreateGpadl(channel, 2, FALSE));
    VSPLAB_ASSERT_SUCCESS(mapping.Map());
    mapping.Unmap();
    BROKEN(mapping.Unmap();)
    Close(channel);
}

VSPLAB_TEST(UnmapsWhatItNeverMapped)
{
    VMBCHANNEL channel = Open();
    UINT32 handle = VspLabGuestCreateGpadl(channel, 1, FALSE);
    PMDL mdl;
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    MENDED(status = VmbChannelMapGpadl(channel, 0, handle, &mdl);)
    VmbChannelUnmapGpadl(channel, handle); // finds: gpadl-pair
    UNREFERENCED_PARAMETER(status);
    UNREFERENCED_PARAMETER(mdl);
    Close(channel);
}

VSPLAB_TEST(MapsTwice)
{
    VMBCHANNEL channel = Open();
    Mapping mapping(channel, VspLabGuestCreateGpadl(channel, 1, FALSE));
    VSPLAB_ASSERT_SUCCESS(mapping.Map());
    BROKEN((void)mapping.Map();)
    mapping.Unmap();
    Close(channel);
}

VSPLAB_TEST(MapsAgainToRead)
{
    VMBCHANNEL channel = Open();
    UINT32 handle = VspLabGuestCreateGpadl(channel, 1, FALSE);
    PMDL first;
    PMDL second = nullptr;
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(channel, 0, handle, &first));
    MENDED(second = first;)
    BROKEN((void)VmbChannelMapGpadl(channel, VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY, handle, &second);) // finds: gpadl-single-map
    VSPLAB_LOG("%p", second);
    VmbChannelUnmapGpadl(channel, handle);
    Close(channel);
}

VSPLAB_TEST(WritesToAnUnmappedPage)
{
    VMBCHANNEL channel = Open();
    Mapping mapping(channel, VspLabGuestCreateGpadl(channel, 1, FALSE));
    VSPLAB_ASSERT_SUCCESS(mapping.Map());
    PUINT8 address = mapping.Address();
    MENDED(address[8] = 1;)
    mapping.Unmap();
    BROKEN(address[8] = 1;) // finds: gpadl-unmap-quiet
    Close(channel);
}

static void Clear(PMDL mdl)
{
    const ULONG size = MmGetMdlByteCount(mdl); // finds: gpadl-unmap-quiet
    VSPLAB_LOG("%u", size);
}
VSPLAB_TEST(AsksAnUnmappedMdl)
{
    VMBCHANNEL channel = Open();
    UINT32 handle = VspLabGuestCreateGpadl(channel, 1, FALSE);
    PMDL mdl;
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(channel, 0, handle, &mdl));
    MENDED(Clear(mdl);)
    VmbChannelUnmapGpadl(channel, handle);
    BROKEN(Clear(mdl);)
    Close(channel);
}

VSPLAB_TEST(MapsWhileClosed)
{
    OPTIONS options = Defaults();
    VMBCHANNEL channel = Enabled(&options);
    UINT32 handle = VspLabGuestCreateGpadl(channel, 1, FALSE);
    Mapping mapping(channel, handle);
    BROKEN((void)mapping.Map();)
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    MENDED(VSPLAB_ASSERT_SUCCESS(mapping.Map());)
    MENDED(mapping.Unmap();)
    Close(channel);
}

VSPLAB_TEST(MapsAfterClose)
{
    VMBCHANNEL channel = Open();
    UINT32 handle = VspLabGuestCreateGpadl(channel, 1, FALSE);
    PMDL mdl;
    BROKEN(VspLabGuestCloseChannel(channel);)
    if (NT_SUCCESS(VmbChannelMapGpadl(channel, 0, handle, &mdl))) { // finds: gpadl-window
        VmbChannelUnmapGpadl(channel, handle);
    }
    Close(channel);
}
