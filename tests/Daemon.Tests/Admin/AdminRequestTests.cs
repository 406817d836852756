using System.Net;
using System.Net.Http;
using Xunit;

namespace AtomikD.Admin;

/// <summary>What is answered, and to whom.</summary>
public sealed class AdminRequestTests
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:8080")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:1")]
    [InlineData("[::1]:9847")]
    [InlineData("10.1.2.3:9847")]
    public async Task Names_that_only_this_machine_can_have_are_answered(string host)
    {
        await using AdminScene scene = await new AdminScene().StartAsync();

        using HttpResponseMessage answer = await scene.SendAsync(HttpMethod.Get, "/healthz", request => request.Headers.Host = host);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("attacker.example")]
    [InlineData("localhost.attacker.example")]
    [InlineData("127.0.0.1.attacker.example")]
    [InlineData("0x7f.1")]
    [InlineData("2130706433")]
    public async Task A_page_elsewhere_that_leads_its_name_here_reads_nothing(string host)
    {
        await using AdminScene scene = await new AdminScene().StartAsync();

        foreach (string path in (string[])["/", "/healthz", "/readyz", "/metrics", "/nothing"])
        {
            using HttpResponseMessage answer = await scene.SendAsync(HttpMethod.Get, path, request => request.Headers.Host = host);

            Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
            Assert.DoesNotContain("site", await answer.Content.ReadAsStringAsync());
        }
        Assert.Single(scene.Service.Log.Records, record => record.Name == "OtherHost");
    }

    [Fact]
    public async Task Without_a_host_nothing_is_told()
    {
        await using AdminScene scene = await new AdminScene().StartAsync();

        Assert.StartsWith("HTTP/1.1 421", await scene.SayAsync("GET / HTTP/1.0\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 421", await scene.SayAsync("GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 400", await scene.SayAsync("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    [InlineData("BREW")]
    public async Task Nothing_can_be_changed(string method)
    {
        await using AdminScene scene = await new AdminScene().StartAsync();

        using HttpResponseMessage answer = await scene.SendAsync(new HttpMethod(method), "/");

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(["GET", "HEAD"], answer.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/metrics")]
    [InlineData("/favicon.svg")]
    public async Task Head_is_answered_like_get_without_the_contents(string path)
    {
        await using AdminScene scene = await new AdminScene().StartAsync();

        using HttpResponseMessage get = await scene.GetAsync(path);
        using HttpResponseMessage head = await scene.SendAsync(HttpMethod.Head, path);

        Assert.Equal((get.StatusCode, get.Content.Headers.ContentType), (head.StatusCode, head.Content.Headers.ContentType));
        Assert.True(head.Content.Headers.ContentLength > 0);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task What_is_not_there_is_said_plainly()
    {
        await using AdminScene scene = await new AdminScene().StartAsync();

        foreach (string path in (string[])["/metrics/", "/%2e%2e/etc/passwd", "/index.html", "/<script>"])
        {
            using HttpResponseMessage answer = await scene.GetAsync(path);

            Assert.Equal((HttpStatusCode.NotFound, "text/plain"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
            Assert.DoesNotContain("script", await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Contents_are_refused_and_not_read()
    {
        await using AdminScene scene = await new AdminScene().StartAsync();

        Assert.StartsWith("HTTP/1.1 413", await scene.SayAsync("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 413", await scene.SayAsync("GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"));
    }

    [Fact]
    public async Task What_is_too_long_is_refused()
    {
        await using AdminScene scene = await new AdminScene().StartAsync();

        Assert.StartsWith("HTTP/1.1 414", await scene.SayAsync($"GET /{new string('a', 4000)} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 431", await scene.SayAsync($"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: {new string('a', 20_000)}\r\n\r\n"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/healthz")]
    [InlineData("/metrics")]
    [InlineData("/nothing")]
    public async Task Browsers_are_told_to_run_show_and_keep_nothing(string path)
    {
        await using AdminScene scene = await new AdminScene().StartAsync();

        using HttpResponseMessage answer = await scene.GetAsync(path);

        string policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'", policy);
        Assert.Contains("frame-ancestors 'none'", policy);
        Assert.DoesNotContain("unsafe", policy);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
        Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Cross-Origin-Resource-Policy")));
        Assert.True(answer.Headers.CacheControl?.NoStore);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        Assert.False(answer.Headers.Contains("Server"));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public void A_machine_has_the_names_that_its_resolver_gives_it()
    {
        AdminHosts hosts = AdminHosts.OfMachine("web1",
            ["127.0.0.1 localhost", "127.0.1.1 web1.example.net web1 # of Debian", "10.0.0.2 other.example.net other"],
            ["nameserver 10.0.0.1", "search corp.example lan."]);

        Assert.All(["web1", "WEB1", "web1.example.net", "web1.example.net.", "web1.corp.example", "web1.lan", "localhost", "10.0.0.9", "[fe80::1]"], host => Assert.True(hosts.Has(host), host));
        Assert.All(["other", "other.example.net", "web1.attacker.example", "example.net", "corp.example", "", "[evil]", "1.2.3"], host => Assert.False(hosts.Has(host), host));
    }
}
