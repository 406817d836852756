using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace AtomikD.Admin;

internal static class PlainText
{
    public static Task AnswerAsync(HttpContext context, HttpStatusCode status, string text) =>
        AnswerAsync(context, status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));

    /// <summary>To HEAD the same without the contents.</summary>
    public static async Task AnswerAsync(HttpContext context, HttpStatusCode status, string type, ReadOnlyMemory<byte> contents)
    {
        context.Response.StatusCode = (int)status;
        context.Response.ContentType = type;
        context.Response.ContentLength = contents.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(contents, context.RequestAborted);
    }
}
