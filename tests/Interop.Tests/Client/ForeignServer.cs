using System.Diagnostics;
using System.Net.Http;
using System.Net.Sockets;
using AtomikD.Support;
using Grpc.Net.Client;

namespace AtomikD.Interop.Client;

/// <summary>A server that is not ours, in a process of its own on a socket of its own.</summary>
internal sealed class ForeignServer : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Process _process;

    public ForeignServer(Func<string, ProcessStartInfo> program)
    {
        ProcessStartInfo start = program(Socket);
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        _process = Process.Start(start)!;
        if (_process.StandardOutput.ReadLine() != "ready")
            throw new InvalidOperationException("the server did not start");
    }

    public string Socket => _folder["s"];

    public GrpcChannel Channel()
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            EnableMultipleHttp2Connections = false,
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        return GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
        _folder.Dispose();
    }
}
