/** A driver in C++ as people write them: a namespace, a class per channel that packets' contexts lead back to. */
export const VIDEO_DRIVER = `#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>

namespace Video
{
	class Adapter;

	struct FrameContext
	{
		LIST_ENTRY Link;
		Adapter *Owner;
		UINT64 FrameNumber;
		UINT32 Width;
		bool Dirty;
	};

	class Adapter
	{
	public:
		NTSTATUS Configure(VMBCHANNEL Channel, HANDLE VmbusHandle);

	private:
		KSPIN_LOCK m_Lock;
		VMBCHANNEL m_Channel;
	};

	static VOID OnPacket(VMBCHANNEL, VMBPACKETCOMPLETION Packet, PVOID, UINT32, UINT32)
	{
		VmbChannelPacketComplete(Packet, nullptr, 0);
	}

	NTSTATUS Adapter::Configure(VMBCHANNEL Channel, HANDLE VmbusHandle)
	{
		KeInitializeSpinLock(&m_Lock);
		VmbChannelSetPointer(Channel, this);
		m_Channel = Channel;
		if (auto status = VmbServerChannelInitSetVmbusHandle(Channel, VmbusHandle); !NT_SUCCESS(status))
		{
			return status;
		}
		return VmbChannelInitSetProcessPacketCallbacks(Channel, OnPacket, nullptr);
	}
} // namespace Video
`;
