/**
 * nginx with its defaults, one worker, files kept open and siblings served as they are. By default it reads and writes;
 * `directives` can have it use sendfile.
 */
export function nginxConfig(options: {
  /** Further directives of the http block. */
  readonly directives: string
  readonly www: string
  readonly work: string
  readonly port: number
  readonly asRoot: boolean
}): string {
  const { directives, www, work, port, asRoot } = options
  return `load_module /usr/lib/nginx/modules/ngx_http_brotli_static_module.so;
daemon off;
worker_processes 1;
${asRoot ? 'user root;' : ''}
pid ${work}/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  include /etc/nginx/mime.types;
  access_log off;
  ${directives}
  keepalive_timeout 75s;
  keepalive_requests 1000000000;
  open_file_cache max=20000 inactive=1h;
  open_file_cache_valid 1h;
  open_file_cache_errors on;
  client_body_temp_path ${work}/body;
  proxy_temp_path ${work}/proxy;
  fastcgi_temp_path ${work}/fastcgi;
  uwsgi_temp_path ${work}/uwsgi;
  scgi_temp_path ${work}/scgi;
  server {
    listen 127.0.0.1:${port};
    root ${www};
    brotli_static on;
    gzip_static on;
    location /static/ {
      add_header Cache-Control "public, max-age=31536000, immutable";
      add_header X-Content-Type-Options nosniff;
      add_header Access-Control-Allow-Origin "*";
    }
  }
}
`
}
