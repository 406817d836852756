namespace AtomikD.Linux;

/// <summary>errno as a value. None means that the call succeeded. A number without a name here is still a valid value.</summary>
internal enum Errno
{
    None = 0,
    EPERM = 1,
    ENOENT = 2,
    EINTR = 4,
    EIO = 5,
    ENXIO = 6,
    EBADF = 9,
    EAGAIN = 11,
    ENOMEM = 12,
    EACCES = 13,
    EBUSY = 16,
    EEXIST = 17,
    EXDEV = 18,
    ENODEV = 19,
    ENOTDIR = 20,
    EISDIR = 21,
    EINVAL = 22,
    ENFILE = 23,
    EMFILE = 24,
    ENOTTY = 25,
    ETXTBSY = 26,
    EFBIG = 27,
    ENOSPC = 28,
    EROFS = 30,
    EMLINK = 31,
    EPIPE = 32,
    ERANGE = 34,
    ENAMETOOLONG = 36,
    ENOSYS = 38,
    ENOTEMPTY = 39,
    ELOOP = 40,
    ENODATA = 61,
    EOVERFLOW = 75,
    EOPNOTSUPP = 95,
    ETIMEDOUT = 110,
    ESTALE = 116,
    EUCLEAN = 117,
    EDQUOT = 122,
}

internal static class ErrnoText
{
    /// <summary>The symbol and the C library's sentence: <c>EIO (Input/output error)</c>.</summary>
    public static string Describe(this Errno errno) =>
        $"{(Enum.IsDefined(errno) ? errno.ToString() : $"errno {(int)errno}")} ({System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage((int)errno)})";
}
