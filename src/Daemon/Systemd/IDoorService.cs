using System.Net.Sockets;

namespace AtomikD.Systemd;

/// <summary>What root and the service's own user can ask of the running service.</summary>
internal interface IDoorService
{
    /// <summary>The word by which it is asked for.</summary>
    string Word { get; }

    /// <summary>Answers one caller; the connection is closed afterwards. An IOException says that the caller has gone.</summary>
    Task AnswerAsync(NetworkStream caller, CancellationToken cancellation);
}
