using System.Net;
using System.Net.Http.Headers;
using AtomikD.GrpcTests.Support;
using Xunit;

namespace AtomikD.GrpcTests.Calls;

/// <summary>Requests that no gRPC client makes. The server answers each and serves on.</summary>
public sealed class HostileRequestTests : IAsyncLifetime
{
    private const string Say = "/test.v1.Echo/Say";
    private const string Collect = "/test.v1.Echo/Collect";

    private EchoServer _server = null!;
    private HttpMessageInvoker _http = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await EchoServer.StartAsync();
        _http = new HttpMessageInvoker(_server.Handler());
    }

    public async ValueTask DisposeAsync()
    {
        Assert.Equal("0", await StatusOf(Say, [0, 0, 0, 0, 0]));
        _http.Dispose();
        await _server.DisposeAsync();
        Assert.Empty(_server.Errors);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/grpc-web")]
    [InlineData(null)]
    public async Task Another_content_type_is_not_taken(string? contentType)
    {
        using HttpResponseMessage response = await SendAsync(Say, [0, 0, 0, 0, 0], contentType: contentType);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task Another_verb_is_not_allowed()
    {
        using HttpResponseMessage response = await SendAsync(Say, null, HttpMethod.Get);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    [Fact]
    public async Task A_path_that_nobody_knows_is_not_found_unless_it_asks_in_gRPC()
    {
        using HttpResponseMessage response = await SendAsync("/", [1], contentType: "text/plain");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("12", await StatusOf("/", []));
        Assert.Equal("12", await StatusOf("/test.v1.Echo/Say/more", [0, 0, 0, 0, 0]));
    }

    [Theory]
    [InlineData(Say, "13", new byte[] { 0 })]
    [InlineData(Say, "13", new byte[] { 0, 0, 0, 0, 9, 1, 2 })]
    [InlineData(Say, "12", new byte[] { })]
    [InlineData(Say, "12", new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(Say, "13", new byte[] { 7, 0, 0, 0, 0 })]
    [InlineData(Say, "13", new byte[] { 0, 0, 0, 0, 2, 255, 255 })]
    [InlineData(Say, "8", new byte[] { 0, 255, 255, 255, 255 })]
    [InlineData(Say, "8", new byte[] { 0, 0, 64, 0, 1 })]
    [InlineData(Collect, "13", new byte[] { 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(Collect, "8", new byte[] { 0, 127, 255, 255, 255, 1, 2, 3 })]
    [InlineData(Collect, "12", new byte[] { 1, 0, 0, 0, 0 })]
    [InlineData(Collect, "0", new byte[] { })]
    public async Task A_broken_stream_of_messages_ends_with_a_status(string path, string status, byte[] body) =>
        Assert.Equal(status, await StatusOf(path, body));

    [Fact]
    public async Task A_compressed_message_is_refused_with_what_would_be_taken()
    {
        using HttpResponseMessage response = await SendAsync(Say, [1, 0, 0, 0, 1, 9]);
        Assert.Equal("12", response.Headers.GetValues("grpc-status").Single());
        Assert.Equal("identity", response.Headers.GetValues("grpc-accept-encoding").Single());
    }

    [Theory]
    [InlineData("0n", "4")]
    [InlineData("1S", "0")]
    [InlineData("99999999H", "0")]
    [InlineData("", "13")]
    [InlineData("soon", "13")]
    [InlineData("123456789S", "13")]
    public async Task A_timeout_is_kept_or_refused(string timeout, string status)
    {
        using HttpResponseMessage response = await SendAsync(Say, [0, 0, 0, 0, 0], timeout: timeout);
        Assert.Equal(status, await StatusOf(response));
    }

    private async Task<string> StatusOf(string path, byte[] body)
    {
        using HttpResponseMessage response = await SendAsync(path, body);
        return await StatusOf(response);
    }

    private static async Task<string> StatusOf(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/grpc", response.Content.Headers.ContentType?.MediaType);
        await response.Content.ReadAsByteArrayAsync();
        HttpResponseHeaders place = response.Headers.Contains("grpc-status") ? response.Headers : response.TrailingHeaders;
        return place.GetValues("grpc-status").Single();
    }

    private async Task<HttpResponseMessage> SendAsync(
        string path, byte[]? body, HttpMethod? verb = null, string? contentType = "application/grpc", string? timeout = null)
    {
        var request = new HttpRequestMessage(verb ?? HttpMethod.Post, "http://localhost" + path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body is null ? null : new ByteArrayContent(body),
        };
        if (contentType is not null)
            request.Content?.Headers.TryAddWithoutValidation("Content-Type", contentType);
        if (timeout is not null)
            request.Headers.TryAddWithoutValidation("grpc-timeout", timeout);
        return await _http.SendAsync(request, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));
    }
}
