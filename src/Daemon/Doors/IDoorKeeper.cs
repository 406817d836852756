using System.Net.Sockets;

namespace AtomikD.Doors;

/// <summary>Says who may come in.</summary>
internal interface IDoorKeeper
{
    /// <summary>Who it is; null: the connection is to be closed at once.</summary>
    Peer? TryEnter(Socket caller);

    void Leave(Peer caller);
}
