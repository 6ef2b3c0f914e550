/* How the library is reached (kmcl-facts 7.1, iface-). */
#include <ntddk.h>
#include <initguid.h>
#include "../Corpus.h"
#include <wdf.h>

#define DEVICE WdfWdmDeviceGetWdfDeviceHandle(VspLabDevice())
#define QUERY(Functions, Version)                                                                                      \
    WdfFdoQueryForInterface(DEVICE, &KMCL_CLIENT_INTERFACE_TYPE, (PINTERFACE)(Functions), sizeof(*(Functions)), Version, NULL)

VSPLAB_TEST(VersionOfALaterStructure)
{
    KMCL_CLIENT_INTERFACE_V1 Client;
    USHORT Version = KMCL_CLIENT_INTERFACE_VERSION_V1;
    BROKEN(Version = KMCL_CLIENT_INTERFACE_VERSION_LATEST;)
    if (NT_SUCCESS(QUERY(&Client, Version))) { // finds: iface-query-size-version
        Client.InterfaceDereference(Client.Context);
    }
}

typedef struct _LIBRARY {
    KMCL_SERVER_INTERFACE_V1 Server;
    BOOLEAN Present;
} LIBRARY;

static NTSTATUS Bind(LIBRARY *Library)
{
    NTSTATUS Status;
    BROKEN(Status = WdfFdoQueryForInterface(DEVICE, &KMCL_SERVER_INTERFACE_TYPE, (PINTERFACE)&Library->Server, sizeof(*Library), 1, NULL);) // finds: iface-query-size-version
    MENDED(Status = WdfFdoQueryForInterface(DEVICE, &KMCL_SERVER_INTERFACE_TYPE, (PINTERFACE)&Library->Server,
                                            sizeof(Library->Server), 1, NULL);)
    Library->Present = NT_SUCCESS(Status);
    return Status;
}
VSPLAB_TEST(SizeOfTheStructureAroundIt)
{
    LIBRARY Library;
    if (NT_SUCCESS(Bind(&Library))) {
        Library.Server.InterfaceDereference(Library.Server.Context);
    }
}

VSPLAB_TEST(NeverGivenBack)
{
    static KMCL_CLIENT_INTERFACE_V1 Client;
    VSPLAB_ASSERT_SUCCESS(QUERY(&Client, KMCL_CLIENT_INTERFACE_VERSION_V1)); // finds: iface-dereference
    MENDED(Client.InterfaceDereference(Client.Context);)
}

static VOID Release(KMCL_CLIENT_INTERFACE_V1 *Client)
{
    Client->InterfaceDereference(Client->Context); // finds: iface-dereference
}
VSPLAB_TEST(GivenBackTwice)
{
    KMCL_CLIENT_INTERFACE_V1 Client;
    VSPLAB_ASSERT_SUCCESS(QUERY(&Client, KMCL_CLIENT_INTERFACE_VERSION_V1));
    Release(&Client);
    BROKEN(Release(&Client);)
}
