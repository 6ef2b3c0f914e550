/* GUID, and DEFINE_GUID: a declaration, or a definition after initguid.h (which is why its part may be read twice). */
#ifndef GUIDDEF_H_
#define GUIDDEF_H_

#include <string.h>

#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
    unsigned int Data1;
    unsigned short Data2;
    unsigned short Data3;
    unsigned char Data4[8];
} GUID;
#endif

#ifndef _LPGUID_DEFINED
#define _LPGUID_DEFINED
typedef GUID *LPGUID;
typedef const GUID *LPCGUID;
#endif

typedef GUID IID;
typedef IID *LPIID;
typedef GUID CLSID;
typedef CLSID *LPCLSID;
#define GUID_NULL_INITIALIZER {0, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0}}

#ifdef __cplusplus
#define EXTERN_GUID_ extern "C"
#define EXTERN_GUID_INIT_ extern "C"
#define REFGUID const GUID &
#define REFIID const IID &
#define REFCLSID const CLSID &

__inline int IsEqualGUID(REFGUID Left, REFGUID Right) { return !memcmp(&Left, &Right, sizeof(GUID)); }
__inline int InlineIsEqualGUID(REFGUID Left, REFGUID Right) { return IsEqualGUID(Left, Right); }
__inline bool operator==(REFGUID Left, REFGUID Right) { return IsEqualGUID(Left, Right) != 0; }
__inline bool operator!=(REFGUID Left, REFGUID Right) { return !(Left == Right); }
#else
#define EXTERN_GUID_ extern
#define EXTERN_GUID_INIT_
#define REFGUID const GUID *const
#define REFIID const IID *const
#define REFCLSID const CLSID *const
#define IsEqualGUID(Left, Right) (!memcmp((Left), (Right), sizeof(GUID)))
#define InlineIsEqualGUID(Left, Right) IsEqualGUID(Left, Right)
#endif
#define IsEqualIID(Left, Right) IsEqualGUID(Left, Right)
#define IsEqualCLSID(Left, Right) IsEqualGUID(Left, Right)

#if defined(_MSC_VER)
#define GUID_SELECTANY_ __declspec(selectany)
#else
#define GUID_SELECTANY_ __attribute__((weak))
#endif

#endif /* GUIDDEF_H_ */

#ifdef DEFINE_GUID
#undef DEFINE_GUID
#endif

#ifdef INITGUID
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                                                   \
    EXTERN_GUID_INIT_ const GUID GUID_SELECTANY_ name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) EXTERN_GUID_ const GUID name
#endif
