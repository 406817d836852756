using System.Net.Sockets;
using System.Text;
using AtomikD.Engine;

namespace AtomikD.Systemd;

/// <summary>
/// What <c>atomikd reload</c> asks. A signal cannot be answered, and `systemctl reload` is to fail where the configuration is refused:
/// so the running service judges it, which knows what needs a restart and what its own sandbox lets it write, and says what came of it.
/// </summary>
internal sealed class ReloadService(EngineService service) : IDoorService
{
    public const string Asked = "reload";
    public const string Applied = "applied";
    public const string Refused = "refused";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    public string Word => Asked;

    /// <summary>Every error on lines of its own, then the verdict.</summary>
    public async Task AnswerAsync(NetworkStream caller, CancellationToken cancellation)
    {
        IReadOnlyList<string> errors = await service.ReloadAsync();
        string text = string.Concat(errors.Select(error => error + "\n")) + (errors.Count == 0 ? Applied : Refused) + "\n";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_patience);
        await caller.WriteAsync(Encoding.UTF8.GetBytes(text), limit.Token);
    }
}
