using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using AtomikD.Configuration;
using AtomikD.Support;
using AtomikD.V1;

namespace AtomikD.Admin;

/// <summary>The whole service with an admin address of its own, and somebody who asks there.</summary>
internal sealed class AdminScene : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    public AdminScene(bool names = false, string admin = "127.0.0.1:0", Func<RouteSettings, RouteSettings>? configure = null)
    {
        Service = new ServiceHarness(configure);
        Service.Settings = Service.Settings with { Daemon = Service.Settings.Daemon with { Admin = admin, AdminNames = names } };
    }

    public ServiceHarness Service { get; }

    public async Task<AdminScene> StartAsync()
    {
        await Service.StartAsync();
        return this;
    }

    /// <summary>All addresses together cannot be connected to.</summary>
    private Uri Reachable => new(Service.AdminAddress.ToString().Replace("0.0.0.0", "127.0.0.1"));

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, Action<HttpRequestMessage>? configure = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Reachable, path));
        configure?.Invoke(request);
        return await _http.SendAsync(request);
    }

    public Task<HttpResponseMessage> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public async Task<string> PageAsync()
    {
        using HttpResponseMessage response = await GetAsync("/");
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>The page once it is as it should be.</summary>
    public async Task<string> PageOnceAsync(Func<string, bool> isSo, string what)
    {
        string page = "";
        await Task.Run(() => Eventually.True(() => isSo(page = PageAsync().GetAwaiter().GetResult()), what, Patience));
        return page;
    }

    /// <summary>What a client says, byte by byte, and all that it is answered.</summary>
    public async Task<string> SayAsync(string request)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Service.AdminAddress.Port);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request));
        var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer);
        }
        catch (IOException)
        {
            // It did not wait for the rest of what it has refused.
        }
        return Encoding.UTF8.GetString(answer.ToArray());
    }

    /// <summary>Stages a folder, marks it, and waits until it is decided.</summary>
    public void Publish(string name, string contents = "1", string marker = "")
    {
        Service.Stage(name, contents);
        Mark(name, marker);
    }

    public void Mark(string name, string marker = "")
    {
        File.WriteAllText(Service.Staged($"{name}.ready"), marker);
        Eventually.True(() => !File.Exists(Service.Staged($"{name}.ready")), "the marker goes", Patience);
    }

    public async Task CommitAsync(string name, string contents = "1")
    {
        Service.Stage(name, contents);
        await Service.Client.CommitAsync(new CommitRequest { Route = "site", Source = name });
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Service.DisposeAsync();
    }
}
