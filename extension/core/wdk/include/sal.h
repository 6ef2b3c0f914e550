/* SAL: annotations for code analysis. They say nothing to this compiler (kmcl-facts 8.5). */
#pragma once

/* Names that old sources use to switch analysis. */
#define _USE_ATTRIBUTES_FOR_SAL 0
#define _USE_DECLSPECS_FOR_SAL 0

/* Parameters: one element */
#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _Out_
#define _Out_opt_
#define _Inout_
#define _Inout_opt_
#define _Inout_z_
#define _Inout_opt_z_
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Outptr_opt_result_maybenull_
#define _Outptr_result_z_
#define _Outptr_opt_result_z_
#define _Outptr_result_maybenull_z_
#define _Outptr_opt_result_maybenull_z_
#define _Outptr_result_nullonfailure_
#define _Outptr_opt_result_nullonfailure_
#define _COM_Outptr_
#define _COM_Outptr_opt_
#define _COM_Outptr_result_maybenull_
#define _Outref_
#define _Outref_result_maybenull_
#define _Outref_result_nullonfailure_
#define _Reserved_

/* Parameters: buffers of a given size */
#define _In_reads_(a)
#define _In_reads_opt_(a)
#define _In_reads_bytes_(a)
#define _In_reads_bytes_opt_(a)
#define _In_reads_z_(a)
#define _In_reads_opt_z_(a)
#define _In_reads_or_z_(a)
#define _In_reads_or_z_opt_(a)
#define _Out_writes_(a)
#define _Out_writes_opt_(a)
#define _Out_writes_bytes_(a)
#define _Out_writes_bytes_opt_(a)
#define _Out_writes_z_(a)
#define _Out_writes_opt_z_(a)
#define _Out_writes_all_(a)
#define _Out_writes_all_opt_(a)
#define _Out_writes_bytes_all_(a)
#define _Out_writes_bytes_all_opt_(a)
#define _Inout_updates_(a)
#define _Inout_updates_opt_(a)
#define _Inout_updates_z_(a)
#define _Inout_updates_opt_z_(a)
#define _Inout_updates_bytes_(a)
#define _Inout_updates_bytes_opt_(a)
#define _Inout_updates_all_(a)
#define _Inout_updates_all_opt_(a)
#define _Inout_updates_bytes_all_(a)
#define _Inout_updates_bytes_all_opt_(a)
#define _Outptr_result_buffer_(a)
#define _Outptr_opt_result_buffer_(a)
#define _Outptr_result_bytebuffer_(a)
#define _Outptr_opt_result_bytebuffer_(a)
#define _Outptr_result_buffer_maybenull_(a)
#define _Outptr_opt_result_buffer_maybenull_(a)
#define _Outptr_result_bytebuffer_maybenull_(a)
#define _Outptr_opt_result_bytebuffer_maybenull_(a)
#define _Outptr_result_buffer_all_(a)
#define _Outptr_result_bytebuffer_all_(a)
#define _Outref_result_buffer_(a)
#define _Outref_result_bytebuffer_(a)
#define _Out_cap_(a)
#define _Out_bytecap_(a)
#define _In_count_(a)
#define _In_bytecount_(a)
#define _Inout_count_(a)
#define _Inout_bytecount_(a)

/* Parameters: two sizes */
#define _Out_writes_to_(a, b)
#define _Out_writes_to_opt_(a, b)
#define _Out_writes_bytes_to_(a, b)
#define _Out_writes_bytes_to_opt_(a, b)
#define _Inout_updates_to_(a, b)
#define _Inout_updates_to_opt_(a, b)
#define _Inout_updates_bytes_to_(a, b)
#define _Inout_updates_bytes_to_opt_(a, b)
#define _Outptr_result_buffer_to_(a, b)
#define _Outptr_opt_result_buffer_to_(a, b)
#define _Outptr_result_bytebuffer_to_(a, b)
#define _Outptr_opt_result_bytebuffer_to_(a, b)
#define _Out_cap_post_count_(a, b)
#define _In_range_(a, b)
#define _Out_range_(a, b)
#define _Ret_range_(a, b)
#define _Deref_in_range_(a, b)
#define _Deref_out_range_(a, b)
#define _Deref_inout_range_(a, b)
#define _Field_range_(a, b)

/* Parameters: pointers that end a buffer */
#define _In_reads_to_ptr_(a)
#define _In_reads_to_ptr_opt_(a)
#define _In_reads_to_ptr_z_(a)
#define _Out_writes_to_ptr_(a)
#define _Out_writes_to_ptr_opt_(a)
#define _Inout_updates_to_ptr_(a)

/* Return values */
#define _Ret_z_
#define _Ret_maybenull_
#define _Ret_maybenull_z_
#define _Ret_notnull_
#define _Ret_null_
#define _Ret_valid_
#define _Ret_
#define _Must_inspect_result_
#define _Check_return_
#define _Result_nullonfailure_
#define _Result_zeroonfailure_

/* Return values with a size */
#define _Ret_writes_(a)
#define _Ret_writes_z_(a)
#define _Ret_writes_bytes_(a)
#define _Ret_writes_maybenull_(a)
#define _Ret_writes_maybenull_z_(a)
#define _Ret_writes_bytes_maybenull_(a)
#define _Ret_cap_(a)
#define _Ret_bytecap_(a)
#define _Ret_count_(a)
#define _Ret_bytecount_(a)

/* Return values with two sizes */
#define _Ret_writes_to_(a, b)
#define _Ret_writes_bytes_to_(a, b)
#define _Ret_writes_to_maybenull_(a, b)
#define _Ret_writes_bytes_to_maybenull_(a, b)

/* Structures and fields */
#define _Field_z_
#define _Null_terminated_
#define _NullNull_terminated_
#define _Points_to_data_
#define _Literal_
#define _Notliteral_
#define _Maybenull_
#define _Notnull_
#define _Maybevalid_
#define _Valid_
#define _Notvalid_
#define _Notref_
#define _Null_
#define _Enum_is_bitflag_
#define _Strict_type_match_
#define _Pre_
#define _Post_
#define _Deref_
#define _Pre_notnull_
#define _Pre_maybenull_
#define _Pre_null_
#define _Pre_valid_
#define _Pre_opt_valid_
#define _Pre_invalid_
#define _Pre_unknown_
#define _Pre_z_
#define _Pre_readonly_
#define _Pre_writeonly_
#define _Pre_defensive_
#define _Post_defensive_
#define _Post_notnull_
#define _Post_maybenull_
#define _Post_null_
#define _Post_valid_
#define _Post_invalid_
#define _Post_ptr_invalid_
#define _Post_z_
#define _Post_maybez_
#define _Post_equals_last_error_
#define _Deref_pre_
#define _Deref_post_
#define _Deref_pre_z_
#define _Deref_pre_valid_
#define _Deref_pre_maybenull_
#define _Deref_post_valid_
#define _Deref_post_notnull_
#define _Deref_post_maybenull_
#define _Deref_post_null_
#define _Deref_post_z_
#define _Deref_out_
#define _Deref_out_opt_
#define _Deref_opt_out_
#define _Deref_opt_out_opt_
#define _Prepost_valid_
#define _Prepost_z_
#define _Printf_format_string_
#define _Scanf_format_string_
#define _Scanf_s_format_string_
#define _Use_decl_annotations_
#define _Analysis_noreturn_
#define _Interlocked_
#define _Interlocked_operand_
#define _Ret_opt_valid_
#define _Raises_SEH_exception_
#define _Maybe_raises_SEH_exception_
#define _No_competing_thread_
#define _Benign_race_begin_
#define _Benign_race_end_
#define _Curr_
#define _Return_
#define _Frees_ptr_
#define _Frees_ptr_opt_

/* Structures and fields with one argument */
#define _Field_size_(a)
#define _Field_size_opt_(a)
#define _Field_size_bytes_(a)
#define _Field_size_bytes_opt_(a)
#define _Field_size_full_(a)
#define _Field_size_full_opt_(a)
#define _Field_size_bytes_full_(a)
#define _Field_size_bytes_full_opt_(a)
#define _Struct_size_bytes_(a)
#define _Readable_bytes_(a)
#define _Readable_elements_(a)
#define _Writable_bytes_(a)
#define _Writable_elements_(a)
#define _Pre_readable_size_(a)
#define _Pre_readable_byte_size_(a)
#define _Pre_writable_size_(a)
#define _Pre_writable_byte_size_(a)
#define _Pre_cap_(a)
#define _Pre_bytecap_(a)
#define _Pre_count_(a)
#define _Pre_bytecount_(a)
#define _Post_readable_size_(a)
#define _Post_readable_byte_size_(a)
#define _Post_writable_size_(a)
#define _Post_writable_byte_size_(a)
#define _Post_count_(a)
#define _Post_bytecount_(a)
#define _Post_satisfies_(a)
#define _Pre_satisfies_(a)
#define _Satisfies_(a)
#define _Success_(a)
#define _Return_type_success_(a)
#define _On_failure_(a)
#define _Always_(a)
#define _Unchanged_(a)
#define _Inexpressible_(a)
#define _Function_class_(a)
#define _Called_from_function_class_(a)
#define _Analysis_assume_(a) ((void)0)
#define _Analysis_assume_nullterminated_(a) ((void)0)
#define _Analysis_assume_lock_held_(a) ((void)0)
#define _Analysis_assume_lock_not_held_(a) ((void)0)
#define _Analysis_assume_lock_acquired_(a) ((void)0)
#define _Analysis_assume_lock_released_(a) ((void)0)
#define _Analysis_mode_(a)
#define _Analysis_suppress_lock_checking_(a)
#define _Old_(a)
#define _Param_(a)
#define _Guarded_by_(a)
#define _Write_guarded_by_(a)
#define _Interlocked_by_(a)
#define _Requires_lock_held_(a)
#define _Requires_lock_not_held_(a)
#define _Requires_exclusive_lock_held_(a)
#define _Requires_shared_lock_held_(a)
#define _Acquires_lock_(a)
#define _Acquires_exclusive_lock_(a)
#define _Acquires_shared_lock_(a)
#define _Acquires_nonreentrant_lock_(a)
#define _Releases_lock_(a)
#define _Releases_exclusive_lock_(a)
#define _Releases_shared_lock_(a)
#define _Releases_nonreentrant_lock_(a)
#define _Create_lock_level_(a)
#define _Has_lock_level_(a)
#define _Has_lock_kind_(a)
#define _Internal_set_lock_count_(a)
#define _Function_ignore_lock_checking_(a)
#define _Post_same_(a)
#define _Group_(a)
#define _Deref_pre_cap_(a)
#define _Deref_post_count_(a)
#define _Deref_post_bytecount_(a)
#define _Deref_pre_readonly_(a)
#define _Pre_equal_to_(a)
#define _Post_equal_to_(a)
#define _In_reads_bytes_to_ptr_(a)

/* Structures and fields with two arguments */
#define _Field_size_part_(a, b)
#define _Field_size_part_opt_(a, b)
#define _Field_size_bytes_part_(a, b)
#define _Field_size_bytes_part_opt_(a, b)
#define _When_(a, b)
#define _At_(a, b)
#define _Post_same_lock_(a, b)
#define _Lock_level_order_(a, b)

/* Structures and fields with four arguments */
#define _At_buffer_(a, b, c, d)
/* Families whose number of arguments varies */
#define _Pre_satisfies_any_(...)
#define _Scanf_format_string_params_(...)
#define __analysis_assume(expression) ((void)0)
#define __analysis_noreturn
#define __assume_bound(...)
#define __post_invalid
#define __range(low, high)
#define __success(expression)
#define __callback
#define __format_string
#define __useHeader
#define __checkReturn
#define __notnull
#define __maybenull
#define __nullterminated
#define __reserved
#define __typefix(type)
#define __bound
#define __fallthrough
#define __annotation(...) ((void)0)

#if defined(_MSC_VER)

/* Annotations of the previous generation, still found in older drivers. Other compilers' headers use these names. */
#define __in
#define __out
#define __inout
#define __in_opt
#define __out_opt
#define __inout_opt
#define __in_z
#define __in_z_opt
#define __out_z
#define __inout_z
#define __deref_in
#define __deref_out
#define __deref_out_opt
#define __deref_opt_out
#define __deref_opt_out_opt
#define __deref_inout
#define __deref_inout_opt
#define __in_ecount(size)
#define __in_ecount_opt(size)
#define __in_ecount_z(size)
#define __in_ecount_full(size)
#define __in_ecount_full_opt(size)
#define __in_bcount(size)
#define __in_bcount_opt(size)
#define __in_bcount_z(size)
#define __in_bcount_full(size)
#define __in_bcount_full_opt(size)
#define __out_ecount(size)
#define __out_ecount_opt(size)
#define __out_ecount_z(size)
#define __out_ecount_full(size)
#define __out_ecount_full_opt(size)
#define __out_ecount_part(size, length)
#define __out_ecount_part_opt(size, length)
#define __out_bcount(size)
#define __out_bcount_opt(size)
#define __out_bcount_z(size)
#define __out_bcount_full(size)
#define __out_bcount_full_opt(size)
#define __out_bcount_part(size, length)
#define __out_bcount_part_opt(size, length)
#define __inout_ecount(size)
#define __inout_ecount_opt(size)
#define __inout_ecount_z(size)
#define __inout_ecount_full(size)
#define __inout_ecount_full_opt(size)
#define __inout_ecount_part(size, length)
#define __inout_ecount_part_opt(size, length)
#define __inout_bcount(size)
#define __inout_bcount_opt(size)
#define __inout_bcount_z(size)
#define __inout_bcount_full(size)
#define __inout_bcount_full_opt(size)
#define __inout_bcount_part(size, length)
#define __inout_bcount_part_opt(size, length)
#define __field_ecount(size)
#define __field_ecount_opt(size)
#define __field_ecount_part(size, length)
#define __deref_out_ecount(size)
#define __deref_out_ecount_opt(size)
#define __struct_ecount(size)
#define __field_bcount(size)
#define __field_bcount_opt(size)
#define __field_bcount_part(size, length)
#define __deref_out_bcount(size)
#define __deref_out_bcount_opt(size)
#define __struct_bcount(size)

#endif
