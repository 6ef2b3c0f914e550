/* The folder above, by a relative path with a backslash. */
#define OUTER_VALUE 10
