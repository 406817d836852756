using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Trees;

namespace AtomikD.Uploads;

/// <summary>What can be done only once everything has its place: a folder's modes may end the right to write into it.</summary>
internal sealed partial class UploadTree
{
    private static readonly EntryAttributes s_unsaid = new(0x1ED, null);

    /// <summary>Gives folders their modes and times, and everything to its sender where the daemon may do that.</summary>
    public Refusal? Finish(uint uid, uint gid, CancellationToken stop)
    {
        var owner = new UploadOwner(uid, gid);
        using var walk = new TreeWalk(_root, _rootStatus, _shown, look: false);
        while (walk.Next())
        {
            stop.ThrowIfCancellationRequested();
            Refusal? refusal = walk.Step switch
            {
                Step.Entry => Told(owner.Give(walk.Folder, walk.Name), "give", walk.Path),
                Step.FolderEnd => Told(FinishFolder(walk, owner), "set owner, mode and time of", walk.Path),
                Step.Trouble => UploadRefusals.InItsWords(walk.Refuse()),
                _ => null,
            };
            if (refusal is not null)
                return refusal;
        }
        return null;
    }

    private Errno FinishFolder(TreeWalk walk, UploadOwner owner)
    {
        EntryAttributes attributes = _folders.GetValueOrDefault(walk.Status.Inode, s_unsaid);
        Errno error = Stat.FChmod(walk.Folder, attributes.Mode);
        if (error == Errno.None && attributes.Modified is { } modified)
            error = Stat.FUtimens(walk.Folder, Attributes.Of(modified), Attributes.Of(modified));
        // The last thing: what is not the daemon's any more it may have no right to change.
        return error == Errno.None ? owner.Give(walk.Folder) : error;
    }

    private static Refusal? Told(Errno error, string doing, string path) => error == Errno.None ? null : UploadRefusals.From(error, $"{doing} {path}");
}
