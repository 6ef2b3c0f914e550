// What callbacks need before Enable (init-context-before-enable).
#include "../Corpus.h"

namespace {

class Device {
public:
    ULONG Opens = 0;
    NTSTATUS Start(VMBCHANNEL Channel);
};

NTSTATUS Opened(VMBCHANNEL Channel)
{
    auto *device = static_cast<Device *>(VmbChannelGetPointer(Channel));
    device->Opens++; // finds: init-context-before-enable in NoPointerAtAll
    return STATUS_SUCCESS;
}

NTSTATUS Device::Start(VMBCHANNEL Channel)
{
    MENDED(VmbChannelSetPointer(Channel, this);)
    NTSTATUS status = VmbChannelEnable(Channel);
    BROKEN(VmbChannelSetPointer(Channel, this);) // finds: init-context-before-enable in PointerAfterEnable
    return status;
}

Device TheDevice;

} // namespace

VSPLAB_TEST(PointerAfterEnable)
{
    OPTIONS options = Defaults();
    options.State.EvtChannelOpened = Opened;
    VMBCHANNEL channel = Configured(&options);
    VSPLAB_ASSERT_SUCCESS(TheDevice.Start(channel));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    Close(channel);
}

VSPLAB_TEST(NoPointerAtAll)
{
    OPTIONS options = Defaults();
    options.State.EvtChannelOpened = Opened;
    MENDED(options.Pointer = &TheDevice;)
    VMBCHANNEL channel = Active(&options);
    Close(channel);
}
