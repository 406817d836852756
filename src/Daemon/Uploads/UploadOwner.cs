using AtomikD.Linux;

namespace AtomikD.Uploads;

/// <summary>Gives what was uploaded to the peer that sent it. Where the daemon has no right to, it stays its own.</summary>
internal sealed class UploadOwner(uint uid, uint gid)
{
    private bool _gives = uid != Unistd.GetEuid() || gid != Unistd.GetEgid();

    public Errno Give(Fd file) => _gives ? Judge(Unistd.FChown(file, uid, gid)) : Errno.None;

    public Errno Give(Fd folder, Name name) => _gives ? Judge(Unistd.FChownAt(folder, name, uid, gid)) : Errno.None;

    private Errno Judge(Errno error)
    {
        if (error != Errno.EPERM)
            return error;
        _gives = false;
        return Errno.None;
    }
}
