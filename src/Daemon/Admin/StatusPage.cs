using System.Net;
using System.Text;
using AtomikD.Admin.Page;
using Microsoft.AspNetCore.Http;

namespace AtomikD.Admin;

/// <summary>The page for people. Its style and its script are in it, and the browser is told to run no others.</summary>
internal sealed class StatusPage(ServiceLooks looks)
{
    private static readonly byte[] s_icon = Asset.Read("favicon.svg").Utf8;

    private static readonly string s_policy =
        $"default-src 'none'; style-src {StatusDocument.Style.Hash}; script-src {StatusDocument.Script.Hash}; connect-src 'self'; img-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    public async Task AnswerAsync(HttpContext context)
    {
        ServiceLook look = await looks.TakeAsync(context.RequestAborted);
        context.Response.Headers.ContentSecurityPolicy = s_policy;
        await PlainText.AnswerAsync(context, HttpStatusCode.OK, "text/html; charset=utf-8", Encoding.UTF8.GetBytes(StatusDocument.Write(look)));
    }

    public static Task AnswerIconAsync(HttpContext context)
    {
        // The style in the picture is not run where it is a favicon, and must not be where it is opened.
        context.Response.Headers.CacheControl = "max-age=86400";
        return PlainText.AnswerAsync(context, HttpStatusCode.OK, "image/svg+xml", s_icon);
    }
}
